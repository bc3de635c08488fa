/**
 * The example historians of OPC 10000-13, Annex A, and what it publishes for them. Origin of the figures: AggregateExamples.csv of release 1.05
 * (opcfoundation.org/UA/schemas/1.05/AggregateExamples.csv) for interpolative, average, timeAverage, minimum, maximum, count, start, end and
 * standardDeviationSample; Annex A of release 1.04 for the actual times (A.10, A.11), timeAverage2 (A.5, as far as a public copy shows it),
 * durationInStateZero and NonZero (A.20, A.21), durationGood (A.29) and varianceSample (A.36); timeAverage2 of historian 3 from Mantis issue 6227
 * (rounded there). `percentGood` and `delta` of historian 1 are the figures that the OPC Foundation's compliance test tool carries; durationBad, percentBad,
 * percentGood of historians 2 to 4 and durationGood of historian 4 those that node-opcua's tests carry (packages/node-opcua-aggregates), whose durationGood is
 * that of A.29 figure by figure.
 */
export interface Historian {
  /** "seconds after 12:00:00, value, quality": ! bad, ? uncertain. */
  raw: string;
  stepped: boolean;
  uncertainIsBad: boolean;
  percent: number;
  slopedExtrapolation: boolean;
}

const irregular = '2:10 25:20 28:25 39:30 42:! 48:40 52:50 72:60 77:70? 83:70 86:80 90:90';

export const historians: Readonly<Record<1 | 2 | 3 | 4 | 5, Historian>> = {
  1: { raw: '10:10 20:20 30:30 40:! 50:50 60:60 70:70? 80:80 90:90', stepped: false, uncertainIsBad: false, percent: 100, slopedExtrapolation: false },
  2: { raw: irregular, stepped: false, uncertainIsBad: true, percent: 100, slopedExtrapolation: true },
  3: { raw: irregular, stepped: true, uncertainIsBad: true, percent: 50, slopedExtrapolation: false },
  4: {
    raw: '2:true 25:false 28:true 39:true 42:! 48:true 52:false 72:false 77:true? 83:true 86:false 90:true',
    stepped: true, uncertainIsBad: true, percent: 100, slopedExtrapolation: false,
  },
  5: {
    raw: '2:10 25:20 28:10 39:30 42:! 48:30 52:50 72:30 77:70? 83:70 86:80 90:70',
    stepped: false, uncertainIsBad: false, percent: 100, slopedExtrapolation: false,
  },
};

/** The same of historians 2, 3 and 4, whose good values lie at the same times. */
const durationGood = '14000Gcp 16000Gc 10000Gc 16000Gc 13000Gc 7001Gcp N';
const durationBad = '2000Gcp 0Gc 6000Gc 0Gc 3000Gc 3000Gcp N';
const percentGood = '87.5Gcp 100Gc 62.5Gc 100Gc 81.25Gc 70.003Gcp N';
const percentBad = '12.5Gcp 0Gc 37.5Gc 0Gc 18.75Gc 29.997Gcp N';

/**
 * Per aggregate its interval in seconds and per historian the results from 12:00:00 to 12:01:40: value and status. G good, S Uncertain_DataSubNormal,
 * U uncertain, B bad, N Bad_NoData; bits c calculated, i interpolated, p partial, m multiple values; @ the actual second; * not looked at.
 */
export const published: Readonly<Record<string, { every: number; results: Readonly<Record<string, string>> }>> = {
  interpolative: {
    every: 5,
    results: {
      1: 'N N 10G 15Gi 20G 25Gi 30G 35Si 40Si 45Si 50G 55Gi 60G 65Si 70U 75Si 80G 85Gi 90G 90Si',
      2: 'N 11.304Gi 13.478Gi 15.652Gi 17.826Gi 20G 25.909Gi 28.182Gi 31.111Si 36.667Si 45Gi 51.5Gi 54Gi 56.5Gi 59Gi 62.727Si 67.273Si 76.667Gi 90G 102.5Si',
      3: 'N 10Gi 10Gi 10Gi 10Gi 20G 25Gi 25Gi 30Gi 30Si 40Gi 50Gi 50Gi 50Gi 50Gi 60Gi 60Si 70Gi 90G 90Si',
      5: 'N 11.3043Gi 13.4783Gi 15.6522Gi 17.8261Gi 20G 13.6364Gi 22.7273Gi 30Si 30Si 40Gi 47Gi 42Gi 37Gi 32Gi 54Si 70Si 76.6667Gi 70G 70Si',
    },
  },
  average: {
    every: 5,
    results: {
      1: 'N N 10Gc N 20Gc N 30Gc N N N 50Gc N 60Gc N N N 80Gc N 90Gc N',
      2: '10Gc N N N N 22.5Gc N 30Gc N 40Gc 50Gc N N N 60Gc N 70Gc 80Gc 90Gc N',
      3: '10Gc N N N N 22.5Gc N 30Gc N 40Gc 50Gc N N N 60Gc N 70Gc 80Gc 90Gc N',
      5: '10Gc N N N N 15Gc N 30Gc N 30Gc 50Gc N N N 30Gc N 70Gc 80Gc 70Gc N',
    },
  },
  timeAverage: {
    every: 5,
    results: {
      1: 'N N 12.5Gc 17.5Gc 22.5Gc 27.5Gc 32.5Sc 37.5Sc 42.5Sc 47.5Sc 52.5Gc 57.5Gc 62.5Sc 67.5Sc 72.5Sc 77.5Sc 82.5Gc 87.5Gc 90Scp N',
      2: '10.652Scp 12.391Gc 14.565Gc 16.739Gc 18.913Gc 23.682Gc 27.045Gc 29.384Sc 33.889Sc 40Sc 49.45Gc 52.75Gc 55.25Gc 57.75Gc 60.618Sc 65Sc 70.515Sc 83.667Gc '
        + '96.25Scp N',
      3: '10.652Scp 12.391Gc 14.565Gc 16.739Gc 18.913Gc 23.682Gc 27.045Gc 29.384Sc 33.889Sc 40Sc 49.45Gc 52.75Gc 55.25Gc 57.75Gc 60.618Sc 65Sc 70.515Sc 83.667Gc '
        + '90Scp N',
      5: '10.6522Scp 12.3913Gc 14.5652Gc 16.7391Gc 18.913Gc 13.7273Gc 18.1818Gc 27.0909Sc 30Sc 32Sc 47.1Gc 44.5Gc 39.5Gc 34.5Gc 37.6Sc 66.8Sc 71.3333Sc 75.6667Gc '
        + '70Scp N',
    },
  },
  timeAverage2: {
    every: 5,
    results: {
      1: 'N N 12.5Gc 17.5Gc 22.5Gc 27.5Gc 30Sc 30Sc N N 52.5Gc 57.5Gc 62.5Sc 67.5Sc 72.5Sc 77.5Sc 82.5Gc 87.5Gc 90Scp N',
      2: '10.652Scp 12.391Gc 14.565Gc 16.739Gc 18.913Gc 23.682Gc 27.046Gc 29.273Sc 30Sc 42.5Sc 49.45Gc 52.75Gc 55.25Gc 57.75Gc 59.8Sc * * * * *',
      3: '10Gcp 10Gc 10Gc 10Gc 10Gc 22Gc 25Gc 26Gc Bc Bc 46Gc 50Gc 50Gc 50Gc 56Gc Bc Bc * * *',
    },
  },
  minimum: {
    every: 16,
    results: {
      1: '10Gcp 20Gc N 50Gc N 80Gp N', 2: '10Gcp 20Gc 30Sc 40G 60Sc 70Gcp N', 3: '10Gcp 20Gc 30Sc 40G 60Sc 70Gcp N', 5: '10Gcp 10Gc 30Sc 30G 30Gc 70Gcmp N',
    },
  },
  maximum: {
    every: 16,
    results: {
      1: '10Gcp 30Gc N 60Gc N 90Gcp N', 2: '10Gcp 25Gc 30Sc 50Gc 60Sc 90Gcp N', 3: '10Gcp 25Gc 30Sc 50Gc 60Sc 90Gcp N', 5: '10Gcp 20Gc 30Sc 50Gc 30Gc 80Gcp N',
    },
  },
  minimumActualTime: {
    every: 16,
    results: {
      1: '@10:10Gp @20:20G @32:N @50:50G @64:N @80:80Gp @96:N', 2: '@2:10Gp @25:20G @39:30S @48:40G @72:60S @83:70Gp @96:N',
      3: '@2:10Gp @25:20G @39:30S @48:40G @72:60S @83:70Gp @96:N',
    },
  },
  maximumActualTime: {
    every: 16,
    results: {
      1: '@10:10Gp @30:30G @32:N @60:60G @64:N @90:90Gp @96:N', 2: '@2:10Gp @28:25G @39:30S @52:50G @72:60S @90:90Gp @96:N',
      3: '@2:10Gp @28:25G @39:30S @52:50G @72:60S @90:90Gp @96:N',
    },
  },
  count: {
    every: 16,
    results: {
      1: '1Gcp 2Gc B 2Gc 0Sc 2Gcp N', 2: '1Gcp 2Gc 1Sc 2Gc 1Sc 3Gcp N', 3: '1Gcp 2Gc 1Gc 2Gc 1Gc 3Gcp N', 4: '1Gcp 2Gc 1Sc 2Gc 1Sc 3Gcp N',
      5: '1Gcp 2Gc 1Sc 2Gc 1Sc 3Gcp N',
    },
  },
  start: {
    every: 16,
    results: {
      1: '@10:10Gp @20:20G @40:B @50:50G @70:70U @80:80Gp @96:N', 2: '@2:10Gp @25:20G @39:30G @48:40G @72:60G @83:70Gp @96:N',
      3: '@2:10Gp @25:20G @39:30G @48:40G @72:60G @83:70Gp @96:N', 5: '@2:10Gp @25:20G @39:30G @48:30G @72:30G @83:70Gp @96:N',
    },
  },
  end: {
    every: 16,
    results: {
      1: '@10:10Gp @30:30G @40:B @60:60G @70:70U @90:90Gp @96:N', 2: '@2:10Gp @28:25G @42:B @52:50G @77:70U @90:90Gp @96:N',
      3: '@2:10Gp @28:25G @42:B @52:50G @77:70U @90:90Gp @96:N', 5: '@2:10Gp @28:10G @42:B @52:50G @77:70U @90:70Gp @96:N',
    },
  },
  delta: { every: 16, results: { 1: '0Gcp 10Gc * 10Gc * 10Gcp N' } },
  durationInStateZero: { every: 16, results: { 4: '0Scp 3000Gc 0Sc 12000Gc 13000Sc 4000Scp N' } },
  durationInStateNonZero: { every: 16, results: { 4: '14000Scp 13000Gc 10000Sc 4000Gc 0Sc 3001Scp N' } },
  durationGood: {
    every: 16,
    results: { 1: '6000Gcp 16000Gc 0Gc 14000Gc 0Gc 10001Gcp N', 2: durationGood, 3: durationGood, 4: durationGood },
  },
  durationBad: { every: 16, results: { 1: '10000Gcp 0Gc 8000Gc 2000Gc 0Gc 0Gcp N', 2: durationBad, 3: durationBad, 4: durationBad } },
  percentGood: { every: 16, results: { 1: '37.5Gcp 100Gc 0Gc 87.5Gc 0Gc 100Gcp N', 2: percentGood, 3: percentGood, 4: percentGood } },
  percentBad: { every: 16, results: { 1: '62.5Gcp 0Gc 50Gc 12.5Gc 0Gc 0Gcp N', 2: percentBad, 3: percentBad, 4: percentBad } },
  standardDeviationSample: {
    every: 20,
    results: { 1: '0Gcp 7.071Gc 0Sc 0Sc 7.071Gcp', 2: '0Gcp 5Gc 7.071Sc 0Sc 10Gcp', 3: '0Gcp 5Gc 7.071Sc 0Sc 10Gcp', 5: '0Gcp 10Gc 14.142Sc 0Sc 5.7735Gcp' },
  },
  varianceSample: { every: 20, results: { 1: '0Gcp 50Gc 0Sc 0Sc 50Gcp', 2: '0Gcp 25Gc 50Sc 0Sc 100Gcp', 3: '0Gcp 25Gc 50Sc 0Sc 100Gcp' } },
};
