/** Where an item stands in a {@link PassingList}. */
export interface Place {
  /** False once the item has been removed. */
  readonly taken: boolean;
}

class Node<T> implements Place {
  item: T | undefined;
  previous: Node<T> | undefined;
  next: Node<T> | undefined;
  taken = true;

  constructor(item: T) {
    this.item = item;
  }
}

/**
 * What is under way, in the order in which it began: for items that come and go with every call.
 *
 * A Set is not good at this. Its table is made anew every few additions, and V8 leaves in the old table a pointer to the new
 * one. Once the collector has moved one of these tables to the old generation, it keeps all that come after it, with the items
 * that were in them, until the next full collection: short-lived objects are copied, twice, instead of forgotten. What has been
 * removed from this list points nowhere and is pointed to by nothing.
 */
export class PassingList<T> {
  #first: Node<T> | undefined;
  #last: Node<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The item that has been here for longest. */
  get oldest(): T | undefined {
    return this.#first?.item;
  }

  /** @returns what {@link remove} needs */
  add(item: T): Place {
    const node = new Node(item);
    node.previous = this.#last;
    if (this.#last) this.#last.next = node;
    else this.#first = node;
    this.#last = node;
    this.#size++;
    return node;
  }

  /** @param place as this list's {@link add} returned it @returns false when it was removed before */
  remove(place: Place): boolean {
    const node = place as Node<T>;
    if (!node.taken) return false;
    if (node.previous) node.previous.next = node.next;
    else this.#first = node.next;
    if (node.next) node.next.previous = node.previous;
    else this.#last = node.previous;
    node.item = node.previous = node.next = undefined;
    node.taken = false;
    this.#size--;
    return true;
  }

  /** Removes the oldest item. @returns it, or undefined when there is none */
  shift(): T | undefined {
    const first = this.#first;
    const item = first?.item;
    if (first) this.remove(first);
    return item;
  }

  /** Removes the items that `isOver` says so of. @returns them */
  removeIf(isOver: (item: T) => boolean): T[] {
    const removed: T[] = [];
    for (let node = this.#first, next; node; node = next) {
      next = node.next;
      const item = node.item as T;
      if (!isOver(item)) continue;
      this.remove(node);
      removed.push(item);
    }
    return removed;
  }

  clear(): void {
    while (this.#first) this.remove(this.#first);
  }

  /** A copy, so that items may be added and removed meanwhile. */
  all(): T[] {
    const items: T[] = [];
    for (let node = this.#first; node; node = node.next) items.push(node.item as T);
    return items;
  }
}
