/** The package types itself under its former name only. */
declare module '@mixmark-io/domino' {
  export function createDocument(html: string): Document;
}
