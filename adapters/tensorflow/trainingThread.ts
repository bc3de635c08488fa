import { parentPort, workerData } from 'node:worker_threads';
import type { DenseLayer, TrainingOrder, TrainingResult } from '../../engine/ports.ts';
import { DenseNetwork } from '../../engine/statistics/denseNetwork.ts';

/** What the thread answers to an order. */
export type TrainingAnswer = { result: TrainingResult } | { failed: string; missing: boolean };

const batchSize = 64;
const learningRate = 0.01;

const marked = workerData as { twinwireTraining?: boolean } | null;
if (parentPort !== null && marked?.twinwireTraining === true) {
  const port = parentPort;
  port.on('message', (order: TrainingOrder) => {
    trainAutoencoder(order).then(
      ({ result }) => port.postMessage({ result } satisfies TrainingAnswer),
      (error: unknown) => {
        const missing = (error as { code?: string } | null)?.code === 'ERR_MODULE_NOT_FOUND';
        port.postMessage({ failed: error instanceof Error ? error.message : String(error), missing } satisfies TrainingAnswer);
      },
    );
  });
}

/** Trains with tensorflow.js on this thread; `predicted` is its own answer to the held-out rows, to compare with. */
export async function trainAutoencoder(order: TrainingOrder): Promise<{ result: TrainingResult; predicted: Float32Array }> {
  const tf = await import('@tensorflow/tfjs-core');
  const tfl = await import('@tensorflow/tfjs-layers');
  await import('@tensorflow/tfjs-backend-cpu');
  await tf.setBackend('cpu');
  const { inputs, rows, heldOut, epochs, seed } = order;
  const sizes = [...order.hidden, inputs];
  const model = tfl.sequential();
  sizes.forEach((units, index) => {
    const kernelInitializer = tfl.initializers.glorotUniform({ seed: seed + index });
    const activation = index === sizes.length - 1 ? 'linear' : 'tanh';
    model.add(tfl.layers.dense({ units, activation, kernelInitializer, ...(index === 0 && { inputShape: [inputs] }) }));
  });
  model.compile({ optimizer: tf.train.adam(learningRate), loss: 'meanSquaredError' });
  const given = tf.tensor2d(rows, [rows.length / inputs, inputs]);
  await model.fit(given, given, { epochs, batchSize, shuffle: false, verbose: 0 });
  const layers = model.layers.map((layer, index): DenseLayer => {
    const [weights, biases] = layer.getWeights().map((tensor) => new Float32Array(tensor.dataSync()));
    return { inputs: index === 0 ? inputs : sizes[index - 1]!, outputs: sizes[index]!, weights: weights!, biases: biases!, linear: index === sizes.length - 1 };
  });
  const asked = tf.tensor2d(heldOut, [heldOut.length / inputs, inputs]);
  const answered = model.predict(asked, { batchSize: 1_024 });
  const predicted = new Float32Array((Array.isArray(answered) ? answered[0]! : answered).dataSync());
  tf.dispose([given, asked, answered]);
  model.dispose();
  const network = new DenseNetwork(layers);
  const errors = new Float32Array(heldOut.length);
  for (let at = 0; at < heldOut.length; at += inputs) {
    const reproduced = network.answer(heldOut.subarray(at, at + inputs));
    for (let input = 0; input < inputs; input += 1) errors[at + input] = reproduced[input]! - heldOut[at + input]!;
  }
  return { result: { layers, errors }, predicted };
}
