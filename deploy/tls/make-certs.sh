#!/usr/bin/env bash
# Makes what docker-compose.tls.yml needs, below deploy/tls/out or a folder that is named: an authority, certificates of
# scraper, cache, HAProxy (lookups), operator and Prometheus that it signs, and a token for lookups. Needs openssl alone.
#
#   deploy/tls/make-certs.sh [FOLDER]
#
# What is there already: the authority and the file of tokens are kept, certificates are made anew. So running it again
# renews them, and the services take the new ones without a restart; HAProxy does when it is told to:
# docker-compose kill -s SIGUSR2 lookups
#
#   DAYS=90                    how long certificates last
#   NAMES=odds.example,10.0.0.7   what else clients call the cache, beside cache, lookups and localhost
#   TOKEN=pricing              whose token is made
#
# out/ca/ca.key signs who may follow the feed and start cycles: keep it elsewhere, it is mounted nowhere.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
out=${1:-out}
days=${DAYS:-90}
names=${NAMES:-}
token=${TOKEN:-pricing}
umask 077
mkdir -p "$out"/{ca,scraper,cache,lookups,operator,prometheus}
cd "$out"

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

if [ ! -e ca/ca.key ]; then
  key ca/ca.key
  openssl req -x509 -new -key ca/ca.key -days 3650 -subj '/CN=oddscache' -out ca/ca.crt \
    -addext basicConstraints=critical,CA:true,pathlen:0 -addext keyUsage=critical,keyCertSign
fi

# leaf NAME USES SUBJECT-ALTERNATIVE-NAMES: NAME/tls.key, NAME/tls.crt and NAME/ca.crt. Files that are read by a running
# service are replaced whole.
leaf() {
  local folder=$1 uses=$2 san=$3
  key "$folder/tls.key.new"
  openssl req -new -key "$folder/tls.key.new" -subj "/CN=$folder" |
    openssl x509 -req -days "$days" -CA ca/ca.crt -CAkey ca/ca.key -out "$folder/tls.crt.new" 2>/dev/null -extfile <(
      printf 'basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=%s\nsubjectAltName=%s\n' \
        "$uses" "$san"
    )
  mv "$folder/tls.key.new" "$folder/tls.key"
  mv "$folder/tls.crt.new" "$folder/tls.crt"
  cp ca/ca.crt "$folder/ca.crt"
}

more=
for name in ${names//,/ }; do
  case $name in
    *[!0-9.]*) more+=",DNS:$name" ;;
    *) more+=",IP:$name" ;;
  esac
done
leaf scraper serverAuth DNS:scraper,DNS:localhost,IP:127.0.0.1,URI:spiffe://oddscache/scraper
leaf cache serverAuth,clientAuth "DNS:cache,DNS:lookups,DNS:localhost,IP:127.0.0.1,URI:spiffe://oddscache/cache$more"
leaf lookups serverAuth DNS:lookups,DNS:localhost,IP:127.0.0.1,URI:spiffe://oddscache/lookups
leaf operator clientAuth URI:spiffe://oddscache/operator
leaf prometheus clientAuth URI:spiffe://oddscache/prometheus

# As "cache token" makes it.
if [ ! -e cache/tokens ]; then
  text=oddscache_$(openssl rand 32 | base64 -w0 | tr '+/' '-_' | tr -d '=')
  hash=$(printf %s "$text" | openssl dgst -sha256 -r | cut -d' ' -f1)
  printf '%s\n' "$text" >"$token.token"
  printf '# NAME sha256=HASH rate=LOOKUPS-A-SECOND burst=N streams=N; read again when it changes\n%s sha256=%s rate=1000 burst=2000 streams=200\n' \
    "$token" "$hash" >cache/tokens
fi

# Containers read the files as users of their own.
chmod 755 . ca scraper cache lookups prometheus
chmod 644 ca/ca.crt
if [ "$(id -u)" = 0 ]; then
  chown 65532:65532 scraper/* cache/* lookups/*
  chown 65534:65534 prometheus/*
else
  chmod a+r scraper/* cache/* lookups/* prometheus/*
  echo "not root: keys of scraper, cache, lookups and prometheus are readable for everybody who gets to $PWD" >&2
fi
openssl x509 -in cache/tls.crt -noout -enddate | sed 's/^notAfter=/certificates last until /'
echo "the token of $token: $PWD/$token.token"
