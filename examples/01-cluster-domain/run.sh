#!/usr/bin/env bash
# Makes the Secrets, applies the manifests, issues the client certificate and calls the workload.
# Needs a running server (twinlatch up) and curl; TWINLATCH_HOME or the working directory names its home.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
umask 077

twinlatch cert issue kyma-mtls --profile server --san 'DNS:*.mtls.localhost' \
  --as-secret istio-system/kyma-mtls | twinlatch apply -f -
twinlatch ca bundle clients --as-secret istio-system/kyma-mtls-cacert | twinlatch apply -f -
twinlatch apply -f .

head -c 18 /dev/urandom | base64 > "$work/password.txt"
twinlatch cert issue poster-quovadis --password-file "$work/password.txt" -o "$work/poster-quovadis.p12"
openssl pkcs12 -in "$work/poster-quovadis.p12" -passin "file:$work/password.txt" -nodes -nocerts -out "$work/client.key"
openssl pkcs12 -in "$work/poster-quovadis.p12" -passin "file:$work/password.txt" -nokeys -out "$work/client.crt"
twinlatch ca bundle server > "$work/ca.pem"

gateway=$(twinlatch status -o json | sed -n 's/.*"gateway": "https:\/\/localhost:\([0-9]*\)".*/\1/p')
curl -sS --cacert "$work/ca.pem" --key "$work/client.key" --cert "$work/client.crt" \
  "https://httpbin-x509.mtls.localhost:$gateway/headers"
