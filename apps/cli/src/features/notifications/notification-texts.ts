/** As far as a table shows it. */
export interface ShownNotification {
  readonly raisedAt: string;
  readonly severity: string;
  readonly topic: string;
  readonly text: string;
  readonly deliveries: Readonly<Record<string, { readonly state: string; readonly attempts: number }>>;
}

export function notificationRows(notifications: readonly ShownNotification[]): string[][] {
  return notifications.map(({ raisedAt, severity, topic, text, deliveries }) => [
    raisedAt,
    severity,
    topic,
    Object.entries(deliveries)
      .map(([name, { state, attempts }]) => `${name} ${state}${attempts > 1 ? ` (${attempts} tries)` : ''}`)
      .join(', '),
    text,
  ]);
}
