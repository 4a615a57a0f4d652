import { instanceLeasesContract } from '@signalbox/port-contracts';
import { SingleInstanceLeases } from './single-instance-leases.js';

instanceLeasesContract(
  'SingleInstanceLeases',
  { newPlace: async () => '', open: async () => new SingleInstanceLeases() },
  { shared: false },
);
