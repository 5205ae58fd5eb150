/**
 * What the work answers, where it does so in time. Otherwise the work goes on, and nobody looks.
 * @throws what the work throws, or `late` after so many milliseconds.
 */
export async function inTime<T>(
  work: Promise<T> | T,
  milliseconds: number,
  late: () => Error = () => new Error('too late'),
): Promise<T> {
  let patience: NodeJS.Timeout | undefined;
  const end = new Promise<never>((_, reject) => {
    patience = setTimeout(() => reject(late()), milliseconds);
  });
  return Promise.race([work, end]).finally(() => clearTimeout(patience));
}
