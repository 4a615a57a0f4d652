/** What Consul answers, as far as it is used here (https://developer.hashicorp.com/consul/api-docs). */
export interface ConsulService {
  readonly ID: string;
  readonly Service: string;
  readonly Tags: readonly string[] | null;
  readonly Meta: Readonly<Record<string, string>> | null;
  readonly Address: string;
  readonly Port: number;
}

export interface ConsulCheck {
  readonly CheckID: string;
  readonly Status: 'passing' | 'warning' | 'critical' | 'maintenance';
  /** Empty until the check ran for the first time. */
  readonly Output: string;
  /** Empty for a check of the node. */
  readonly ServiceID: string;
}

export interface HealthEntry {
  readonly Node: { readonly Address: string };
  readonly Service: ConsulService;
  readonly Checks: readonly ConsulCheck[];
}

export interface KeyValue {
  readonly Key: string;
  readonly Value: string | null;
  /** Of the session that holds it. */
  readonly Session?: string;
  /** How often it was acquired. */
  readonly LockIndex: number;
}
