interface NumberedPage<T> {
  items: T[];
  has_next: boolean;
}

const PAGE = 200;

/** All of a list that people look over as a whole, such as an agency's ad accounts: page after page. */
export async function whole<T>(
  fetchPage: (query: { page: number; limit: number }) => Promise<NumberedPage<T>>,
): Promise<{ items: T[] }> {
  const items: T[] = [];
  for (let page = 1; ; page += 1) {
    const found = await fetchPage({ page, limit: PAGE });
    items.push(...found.items);
    if (!found.has_next) return { items };
  }
}
