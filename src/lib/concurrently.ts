/** Works through a list, so many at a time. A piece that throws stops no other; what the first one threw is thrown at the end. */
export async function concurrently<Item>(
  items: Iterable<Item>,
  width: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const left = [...items].reverse();
  const thrown: unknown[] = [];
  const one = async () => {
    while (left.length > 0) await work(left.pop() as Item).catch((error) => void thrown.push(error));
  };
  await Promise.all(Array.from({ length: width }, one));
  if (thrown.length > 0) throw thrown[0];
}
