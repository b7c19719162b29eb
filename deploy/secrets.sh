#!/bin/sh
# Makes the secrets of docker-compose.yml, each in a file of its own. What is there is kept: run it again after an upgrade.
#   sh deploy/secrets.sh [FOLDER]     FOLDER is ./secrets unless told
# The containers read the files under accounts of their own, so the files are open and the folder is closed: other accounts of
# this machine get no further than its door. Keep a copy of the folder apart: without the keyrings sealed passwords cannot be opened.
set -eu
folder=${1:-secrets}
mkdir -p "$folder"
chmod 0700 "$folder"
cd "$folder"
umask 0333

missing() { [ ! -e "$1" ]; }
# Hexadecimal, so that it stands in a URL as it is.
word() { openssl rand -hex 24; }
keep() { missing "$1" && printf '%s\n' "$2" >"$1" || true; }

for name in postgres-password owner-password temporal-password; do keep "$name" "$(word)"; done
keep database-url "postgres://holdfast:$(cat owner-password)@postgres:5432/holdfast"
for login in api auth worker gateway; do
  keep "database-url-$login" "postgres://holdfast_$login:$(word)@postgres:5432/holdfast"
done

# One key for each purpose, and each process has a keyring with its own: the API seals, the worker reads payloads.
if missing keyring-gateway.json; then
  now=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  key() {
    secret=$(openssl rand -base64 32 | tr '+/' '-_' | tr -d '=')
    printf '{"id":"k%s","purpose":"%s","secret":"%s","createdAt":"%s","active":true}' "$(openssl rand -hex 5)" "$1" "$secret" "$now"
  }
  rm -f keyring-api.json keyring-worker.json
  seal=$(key seal) payload=$(key payload) wrap=$(key wrap)
  printf '{"keys":[%s]}\n' "$seal" >keyring-api.json
  printf '{"keys":[%s]}\n' "$payload" >keyring-worker.json
  printf '{"keys":[%s,%s,%s]}\n' "$seal" "$payload" "$wrap" >keyring-gateway.json
fi

# Temporal takes calls only of who has a certificate of this authority, whose key is kept nowhere.
if missing temporal-client-cert.pem; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  umask 0077
  authority() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=Holdfast Temporal" \
      -addext keyUsage=critical,keyCertSign -keyout "$work/ca-key.pem" -out "$work/temporal-ca.pem" 2>/dev/null
  }
  pair() {
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$1" -keyout "$work/$1-key.pem" -out "$work/$1.csr" 2>/dev/null
    printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=%s\nsubjectAltName=DNS:temporal\n' "$2" >"$work/$1.ext"
    openssl x509 -req -in "$work/$1.csr" -days 3650 -CA "$work/temporal-ca.pem" -CAkey "$work/ca-key.pem" -CAcreateserial \
      -extfile "$work/$1.ext" -out "$work/$1-cert.pem" 2>/dev/null
  }
  authority
  # Its services are also each other's clients.
  pair temporal-server serverAuth,clientAuth
  pair temporal-client clientAuth
  umask 0333
  for file in temporal-ca.pem temporal-server-cert.pem temporal-server-key.pem temporal-client-key.pem temporal-client-cert.pem; do
    rm -f "$file"
    cat "$work/$file" >"$file"
  done
fi
echo "The secrets are in $(pwd)."
