/**
 * How well two kinds of answers are told apart by the time they took: on half of the samples the best threshold is learnt, on the other half it
 * guesses (S05, S23). 0.5 is a coin.
 */
export function guessRate(one: number[], other: number[]): number {
  const [learnOne, guessOne] = halves(one);
  const [learnOther, guessOther] = halves(other);
  const { threshold, oneIsBelow } = learnt(learnOne, learnOther);
  const right =
    guessOne.filter((time) => time < threshold === oneIsBelow).length +
    guessOther.filter((time) => time < threshold !== oneIsBelow).length;
  return right / (guessOne.length + guessOther.length);
}

/** Every second sample: drifts of the machine are in both halves. */
function halves(samples: number[]): [number[], number[]] {
  return [samples.filter((_, index) => index % 2 === 0), samples.filter((_, index) => index % 2 === 1)];
}

function learnt(one: number[], other: number[]): { threshold: number; oneIsBelow: boolean } {
  const samples = [
    ...one.map((time) => ({ time, isOne: true })),
    ...other.map((time) => ({ time, isOne: false })),
  ].toSorted((left, right) => left.time - right.time);
  let oneBelow = 0;
  let best = { score: -1, threshold: 0, oneIsBelow: true };
  for (const [index, { time, isOne }] of samples.entries()) {
    // Right guesses when those below are taken for `one`: the ones below, and the others from here on.
    const right = oneBelow + (other.length - (index - oneBelow));
    for (const [score, oneIsBelow] of [
      [right, true],
      [samples.length - right, false],
    ] as const)
      if (score > best.score) best = { score, threshold: time, oneIsBelow };
    if (isOne) oneBelow += 1;
  }
  return best;
}
