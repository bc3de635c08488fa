import type { DenseLayer, Json } from '../ports.ts';
import { member, numberFromJson, numbersFromJson, numbersToJson, unreadableSnapshot } from './columnTable.ts';

/** Bounds of what is read back. */
const mostLayers = 8;
const widest = 1_024;

/**
 * The forward pass of a dense network over exported weights: no library, no allocation per row. `inputs` numbers in, `outputs` of the last layer out.
 * Choose it rather than the library that trained it wherever a row is scored: that one needs milliseconds and tensors for each row.
 */
export class DenseNetwork {
  readonly layers: readonly DenseLayer[];
  readonly #values: readonly Float64Array[];

  /** @throws RangeError when the layers don't fit each other */
  constructor(layers: readonly DenseLayer[]) {
    layers.forEach(({ inputs, outputs, weights, biases }, index) => {
      const before = layers[index - 1];
      if (weights.length !== inputs * outputs || biases.length !== outputs || (before !== undefined && before.outputs !== inputs)) {
        throw new RangeError(`layer ${index} does not fit`);
      }
    });
    this.layers = layers;
    this.#values = layers.map(({ outputs }) => new Float64Array(outputs));
  }

  /** What it answers to `input`; the array is used again by the next call. */
  answer(input: ArrayLike<number>): Float64Array {
    let given: ArrayLike<number> = input;
    let values = this.#values[0] as Float64Array;
    for (let index = 0; index < this.layers.length; index += 1) {
      const { inputs, outputs, weights, biases, linear } = this.layers[index]!;
      values = this.#values[index]!;
      values.set(biases);
      for (let from = 0; from < inputs; from += 1) {
        const value = given[from]!;
        for (let to = 0, at = from * outputs; to < outputs; to += 1, at += 1) values[to]! += value * weights[at]!;
      }
      if (!linear) for (let to = 0; to < outputs; to += 1) values[to] = Math.tanh(values[to]!);
      given = values;
    }
    return values;
  }

  snapshot(): Json {
    return this.layers.map(({ inputs, outputs, weights, biases, linear }) => ({
      inputs, outputs, weights: numbersToJson(weights), biases: numbersToJson(biases), linear,
    }));
  }

  /** @throws Problem TWIN_SNAPSHOT_UNREADABLE */
  static restored(json: Json | undefined, what: string): DenseNetwork {
    if (!Array.isArray(json) || json.length === 0 || json.length > mostLayers) throw unreadableSnapshot(what, 'it has no layers');
    const layers = json.map((layer): DenseLayer => {
      const inputs = numberFromJson(layer, 'inputs', what);
      const outputs = numberFromJson(layer, 'outputs', what);
      for (const size of [inputs, outputs]) if (!Number.isInteger(size) || size < 1 || size > widest) throw unreadableSnapshot(what, 'a size is impossible');
      const weights = new Float32Array(inputs * outputs);
      const biases = new Float32Array(outputs);
      numbersFromJson(member(layer, 'weights'), weights, `${what}.weights`);
      numbersFromJson(member(layer, 'biases'), biases, `${what}.biases`);
      return { inputs, outputs, weights, biases, linear: member(layer, 'linear') === true };
    });
    if (layers.some(({ inputs }, index) => index > 0 && layers[index - 1]!.outputs !== inputs)) throw unreadableSnapshot(what, 'its layers do not fit');
    return new DenseNetwork(layers);
  }
}
