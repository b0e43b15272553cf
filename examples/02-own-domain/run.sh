#!/usr/bin/env bash
# A second host for another client authority, on the same port. Run ../01-cluster-domain/run.sh first:
# it brings the workload.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
umask 077

twinlatch cert issue quovadis-mtls --profile server --san 'DNS:*.quovadis.localhost' \
  --as-secret istio-system/quovadis-mtls | twinlatch apply -f -
twinlatch ca bundle partner --as-secret istio-system/quovadis-mtls-cacert | twinlatch apply -f -
twinlatch apply -f .

head -c 18 /dev/urandom | base64 > "$work/password.txt"
twinlatch cert issue partner-quovadis --profile partner --password-file "$work/password.txt" -o "$work/partner.p12"
openssl pkcs12 -in "$work/partner.p12" -passin "file:$work/password.txt" -nodes -nocerts -out "$work/client.key"
openssl pkcs12 -in "$work/partner.p12" -passin "file:$work/password.txt" -nokeys -out "$work/client.crt"
twinlatch ca bundle server > "$work/ca.pem"

gateway=$(twinlatch status -o json | sed -n 's/.*"gateway": "https:\/\/localhost:\([0-9]*\)".*/\1/p')
call() { curl -sS --cacert "$work/ca.pem" --key "$work/client.key" --cert "$work/client.crt" "$@"; }
call "https://httpbin.quovadis.localhost:$gateway/headers"

# The same certificate is worth nothing on the other host, which trusts another authority.
if call "https://httpbin-x509.mtls.localhost:$gateway/headers"; then
  echo "a partner's certificate was accepted on the other host" >&2
  exit 1
fi
twinlatch explain --last-denied || [ $? -eq 4 ]
