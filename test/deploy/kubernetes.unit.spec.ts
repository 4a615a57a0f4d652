import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Deployment } from 'kubernetes-models/apps/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { Namespace, Service } from 'kubernetes-models/v1';
import { PORT_OFFSETS, SERVICE_NAMES, type ServiceName } from '@signalbox/contracts';
import { loadConfig } from '@signalbox/platform';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

const folder = join(import.meta.dirname, '../../deploy/kubernetes');
const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
const documents = (file: string): any[] => parseAllDocuments(read(file)).map((document) => document.toJS());
const kustomization = parse(read('kustomization.yaml'));
const MODELS: Readonly<Record<string, new (data: any) => { validate(): void }>> = {
  Deployment,
  NetworkPolicy,
  PodDisruptionBudget,
  Namespace,
  Service,
};
const resources: { file: string; kind: string; resource: object }[] = kustomization.resources.flatMap((file: string) =>
  documents(file).map((resource) => ({ file, kind: resource.kind, resource })),
);
const deploymentOf = (service: ServiceName): any => documents(`${service}.yaml`)[0];

describe('the Kubernetes manifests', () => {
  it.each(resources)('$file has a $kind that the schema of its kind accepts', ({ kind, resource }) => {
    expect(Object.keys(MODELS)).toContain(kind);
    new MODELS[kind]!(resource).validate();
  });

  it('would be refused with a mistake in them', () => {
    const wrong = structuredClone(deploymentOf('gateway'));
    wrong.spec.replicas = 'two';
    expect(() => new Deployment(wrong).validate()).toThrow();
  });

  it.each(SERVICE_NAMES)('run the %s on its port, selected by its service and probed', (service) => {
    const [deployment, front] = documents(`${service}.yaml`);
    const [container] = deployment.spec.template.spec.containers;
    const port = 3000 + PORT_OFFSETS[service];
    expect(container.args).toEqual([`apps/${service}/dist/main.js`]);
    expect(container.ports).toEqual([{ name: 'http', containerPort: port }]);
    expect(front.spec.ports[0]).toMatchObject({ port, targetPort: 'http' });
    expect(front.spec.selector).toEqual(deployment.spec.template.metadata.labels);
    expect(deployment.spec.selector.matchLabels).toEqual(deployment.spec.template.metadata.labels);
    expect([container.livenessProbe.httpGet.path, container.readinessProbe.httpGet.path]).toEqual([
      '/health/live',
      '/health/ready',
    ]);
    expect(container.securityContext).toMatchObject({ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false });
  });

  it('hand over a configuration that all services can start with', () => {
    const literals: string[] = kustomization.configMapGenerator[0].literals;
    const env = Object.fromEntries(literals.map((literal) => literal.split(/=(.*)/s).slice(0, 2)));
    const secrets = {
      SIGNALBOX_TOKEN: 'a token of some length',
      AMQP_URL: 'amqps://broker',
      MONGODB_URL: 'mongodb+srv://db/signalbox',
      CONSUL_URL: 'http://consul:8500',
    };
    const config = loadConfig({ env: { ...env, ...secrets }, argv: ['--config', join(folder, 'signalbox.json')] });
    expect(config.problems).toEqual([]);
    expect(config.settings.exposed.toSorted()).toEqual([...SERVICE_NAMES].toSorted());
    expect(config.section('gateway')).toMatchObject({ auth: { tokens: [{ token: secrets.SIGNALBOX_TOKEN }] } });
  });
});
