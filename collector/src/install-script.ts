/**
 * The text of /install.sh. It finds Node.js, fetches the agent's bundle, checks its digest and hands over
 * to `constat-agent install`. POSIX sh, no secret inside: the same for everybody who asks. Pure.
 */

/** As in the manifests: older ones lack what the agent uses. */
const NODE_MIN = '20.19'

type Bundle = { bundleDigest: string; bundlePath: string }

export function installScript({ bundleDigest, bundlePath }: Bundle): string {
  return `#!/bin/sh
# Installs the Constat agent on this host and joins it to its collector. Served by the collector.
# It fetches one file, checks its SHA-256, and runs \`constat-agent install\` with the same arguments:
#   --url URL --token TOKEN [--pin sha256/...] [--proxy URL] [--name NAME] [--dir DIR] [--foreground]
set -eu

bundle_digest=${bundleDigest}
bundle_path=${bundlePath}
${STEPS}`
}

const STEPS = `fail() { echo "constat: $*" >&2; exit 4; }

url='' pin='' proxy='' previous=''
for argument in "$@"; do
  case "$previous" in
    --url) [ -n "$url" ] || url=\${argument%%,*} ;;
    --pin) pin=$argument ;;
    --proxy) proxy=$argument ;;
  esac
  previous=$argument
done
[ -n "$url" ] || fail "the collector's address is missing: copy the whole line from the collector"

command -v node >/dev/null 2>&1 || fail "Node.js is not installed on this host: install version ${NODE_MIN} or newer (https://nodejs.org, or your distribution), then paste the line again"
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
  fail "Node.js $(node --version 2>/dev/null) is too old: install ${NODE_MIN} or newer, then paste the line again"

file=constat-agent.mjs
get() {
  if command -v curl >/dev/null 2>&1; then
    set -- -fsSL
    [ -z "$pin" ] || set -- -fsSk --pinnedpubkey "sha256//\${pin#sha256/}"
    case "$proxy" in
      '') ;;
      none) set -- "$@" --noproxy '*' ;;
      *) set -- "$@" --proxy "$proxy" ;;
    esac
    curl "$@" -o "$file" "\${url%/}$bundle_path"
  elif command -v wget >/dev/null 2>&1; then
    set -- -nv
    [ -z "$pin" ] || set -- -nv --no-check-certificate "--pinnedpubkey=sha256//\${pin#sha256/}"
    case "$proxy" in
      '') ;;
      none) set -- "$@" --no-proxy ;;
      *) set -- "$@" -e use_proxy=yes -e "https_proxy=$proxy" -e "http_proxy=$proxy" ;;
    esac
    wget "$@" -O "$file" "\${url%/}$bundle_path"
  else
    fail "neither curl nor wget is installed: install curl, then paste the line again"
  fi
}
get || fail "the agent could not be fetched from $url; the line above says why"
echo "$bundle_digest  $file" | sha256sum -c >/dev/null 2>&1 ||
  fail "the agent that came from $url is not the one this script was made for; make a new line on the collector, and if that fails too, something between changes it"

node "$file" install "$@"
`
