import type { Command } from 'commander'

/** Command, as typed after `twinlatch`, and lines that a person can copy. A test reads each of them. */
const examples: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'up',
    [
      'twinlatch up --sample',
      'twinlatch up -d --port-base 18443',
      'twinlatch up --ephemeral -o json',
    ],
  ],
  [
    'status',
    ['twinlatch status', 'twinlatch status -o json', 'twinlatch status --home /srv/twinlatch'],
  ],
  ['down', ['twinlatch down', 'twinlatch down --home /srv/twinlatch']],
  [
    'run',
    [
      'twinlatch run -- node app.js',
      'twinlatch run --home .twinlatch -- npm test',
      'twinlatch run -s acme --home .twinlatch -- python app.py',
    ],
  ],
  ['demo', ['twinlatch demo', 'twinlatch demo --step 10', 'twinlatch demo -o json']],
  [
    'hosts',
    [
      'twinlatch hosts',
      'sudo twinlatch hosts --install --home .twinlatch',
      'sudo twinlatch hosts --uninstall',
    ],
  ],
  [
    'apply',
    [
      'twinlatch apply -f examples/01-cluster-domain',
      'twinlatch ca bundle clients --as-secret istio-system/kyma-mtls-cacert | twinlatch apply -f -',
      'twinlatch apply -f gateway.yaml --dry-run=server',
    ],
  ],
  [
    'delete',
    [
      'twinlatch delete -f examples/01-cluster-domain/policy.yaml',
      'twinlatch delete -f examples/01-cluster-domain --dry-run=server',
    ],
  ],
  [
    'get',
    [
      'twinlatch get',
      'twinlatch get vs -n quovadis',
      'twinlatch get gateway kyma-mtls-gateway -o yaml',
    ],
  ],
  [
    'explain',
    [
      'twinlatch explain --last-denied',
      'twinlatch explain 6f1c2b7e-2d0a-4e57-9c3b-0d8a4b1f7e21',
      'twinlatch explain --last --stage policy -o json',
    ],
  ],
  [
    'cert issue',
    [
      'twinlatch cert issue poster-quovadis --password-stdin -o poster-quovadis.p12 < pw.txt',
      'twinlatch cert issue kyma-mtls --profile server --san "DNS:*.mtls.localhost" --as-secret istio-system/kyma-mtls | twinlatch apply -f -',
      'twinlatch cert issue erp --key-type ec --days 30 --password-file pw.txt',
    ],
  ],
  [
    'cert list',
    ['twinlatch cert list', 'twinlatch cert list -o wide', 'twinlatch cert list -o json --watch'],
  ],
  [
    'cert show',
    [
      'twinlatch cert show poster-quovadis',
      'twinlatch cert show poster-quovadis --chain > chain.pem',
      'twinlatch cert show poster-quovadis --json',
    ],
  ],
  [
    'cert verify',
    [
      'twinlatch cert verify client.pem --ca bundle.pem',
      'twinlatch cert verify client.pem --ca bundle.pem --crl lists.pem --at 2027-01-31 -o json',
      'twinlatch cert verify server.pem --ca roots.pem --name httpbin-x509.mtls.localhost',
    ],
  ],
  [
    'cert inspect',
    [
      'twinlatch cert inspect partner.pfx --password-stdin < pw.txt',
      'twinlatch cert inspect https://httpbin-x509.mtls.localhost:9443',
      'twinlatch cert inspect - -o json --fail-on warn < chain.pem',
    ],
  ],
  ['ca list', ['twinlatch ca list', 'twinlatch ca list -o name']],
  [
    'ca bundle',
    [
      'twinlatch ca bundle server > ca.pem',
      'twinlatch ca bundle clients --as-secret istio-system/kyma-mtls-cacert | twinlatch apply -f -',
    ],
  ],
  [
    'keystore upload',
    [
      'twinlatch ks upload poster-quovadis.p12 --password-stdin < pw.txt',
      'twinlatch ks upload new.p12 --name partner.p12 --password-file pw.txt',
    ],
  ],
  ['keystore list', ['twinlatch ks list', 'twinlatch ks list -s acme -o json']],
  [
    'keystore delete',
    ['twinlatch ks delete poster-quovadis.p12', 'twinlatch ks delete poster-quovadis.p12 --yes'],
  ],
  [
    'destination create',
    [
      'twinlatch dest create httpbin --url http://httpbin.localhost',
      'twinlatch dest create httpbin-x509 --url https://httpbin-x509.mtls.localhost:9443 --auth ClientCertificateAuthentication --keystore poster-quovadis.p12 --keystore-password-stdin --dynamic < pw.txt',
      'twinlatch dest create orders --url https://orders.mtls.localhost:9443 --property HTML5.Timeout=30000',
    ],
  ],
  [
    'destination import',
    [
      'twinlatch dest import export.json --keystore-password-file pw.txt',
      'twinlatch dest import export.json --force',
    ],
  ],
  ['destination list', ['twinlatch dest list', 'twinlatch dest list -s acme -o yaml']],
  [
    'destination get',
    ['twinlatch dest get httpbin-x509', 'twinlatch dest get httpbin-x509 -o json'],
  ],
  [
    'destination find',
    ['twinlatch dest find httpbin-x509', 'twinlatch dest find httpbin-x509 --show-secrets'],
  ],
  [
    'destination delete',
    ['twinlatch dest delete httpbin-x509', 'twinlatch dest delete httpbin-x509 --yes'],
  ],
  [
    'binding create',
    ['twinlatch binding create orders-app', 'twinlatch binding create orders-app -s acme'],
  ],
  ['binding list', ['twinlatch binding list', 'twinlatch binding list -o json']],
  [
    'binding show',
    [
      'twinlatch binding show sample-app --as default-env > default-env.json',
      'eval "$(twinlatch binding show sample-app --as env)"',
      'twinlatch binding show sample-app --as dir -o bindings',
    ],
  ],
  ['subaccount create', ['twinlatch subaccount create acme']],
  ['subaccount list', ['twinlatch subaccount list', 'twinlatch subaccount list -o wide']],
  [
    'gateway handshakes',
    [
      'twinlatch gw handshakes',
      'twinlatch gw handshakes --since 10m',
      'twinlatch gw handshakes -f',
    ],
  ],
  [
    'dn show',
    [
      'twinlatch dn show "/C=DE/O=Acme/CN=a"',
      'twinlatch dn show client.crt',
      'twinlatch dn show --order der "C=DE,O=Acme,CN=a"',
    ],
  ],
  [
    'dn compare',
    [
      'twinlatch dn compare "/C=DE/O=Acme/CN=a" "CN=a, O=Acme, C=DE"',
      'twinlatch dn compare "CN=a,O=Acme" "O=Acme,CN=a" --json',
    ],
  ],
  ['version', ['twinlatch version', 'twinlatch version -o json']],
  [
    'completion',
    [
      'source <(twinlatch completion bash)',
      'twinlatch completion zsh > ~/.zfunc/_twinlatch',
      'twinlatch completion fish | source',
    ],
  ],
  [
    'store backup',
    [
      'twinlatch store backup twinlatch-backup.db',
      'twinlatch store backup --home /srv/twinlatch /backups/today.db',
    ],
  ],
  [
    'store copy',
    [
      'TWINLATCH_DATABASE_URL=$(cat url) twinlatch store copy --from sqlite:.twinlatch/twinlatch.db',
      'twinlatch store copy --from sqlite:twinlatch-backup.db --to sqlite:/srv/twinlatch/twinlatch.db',
    ],
  ],
  [
    'store rekey',
    ['twinlatch store rekey', 'twinlatch store rekey --keep-former /media/usb/former.key'],
  ],
  [
    'help',
    ['twinlatch help cert issue', 'twinlatch help codes', 'twinlatch help codes VAL_EXPIRED'],
  ],
])

/** Adds to the help of every command its examples (console-and-cli.md section 5.1 "help"). */
export function addExamples(command: Command, words: readonly string[] = []): void {
  const lines = examples.get(words.join(' '))
  if (lines) {
    const title = lines.length === 1 ? 'Example' : 'Examples'
    command.addHelpText('after', `\n${title}:\n${lines.map((line) => `  ${line}`).join('\n')}`)
  }
  for (const child of command.commands) addExamples(child, [...words, child.name()])
}
