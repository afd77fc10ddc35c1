/**
 * The README of a bundle: what is in it, how it is checked with the verifier, and how by hand with public tools.
 * The same for the same bundle. Its commands are run by a test as they stand. Pure.
 */
import { VERIFIER_PATH } from '../view/verifier.ts'
import type { Bundled } from './bundled.ts'

export type ReadmeFacts = { publicUrl: string; logKey: Buffer }

export function readmeText(
  { contract, window, origin, signed, verifier }: Bundled,
  { publicUrl, logKey }: ReadmeFacts,
): string {
  const program =
    verifier === null
      ? 'The collector that wrote this bundle had no verifier to offer: take `constat-verify` of the same version.'
      : `\`constat-verify.mjs\` is one file and needs Node.js 20.19 or later. It is at ${publicUrl}${VERIFIER_PATH}, and its SHA-256 is\n\n    ${verifier}`
  return `# Evidence of ${contract}, window ${window}

All ${signed.size} entries of the log \`${origin}\`
up to the checkpoint, and what the window comes to by them: \`result.json\`.

Its key, which you should know by another way than this file, is

    ${logKey.toString('hex')}

## Check it

${program}

    node constat-verify.mjs ${contract}-${window}.zip --log-key KEY --terms DIGEST

KEY is the key of the log, DIGEST the SHA-256 of the terms that were agreed. It asks no network. It takes the
archive apart without writing it, checks every signature and every hash, works all figures out again from the signed
frames, and compares them with \`result.json\` byte by byte. Exit 0: the same figures. 1: others. 2: the evidence is
broken, and every entry, agent or file is named. 4: it was judged by rules that the program does not have, or it could
not run.

${WITHIN}${BY_HAND}${LIMITS}`
}

const WITHIN = `## What is in it

- \`manifest.json\`: every file with its SHA-256; \`manifest.sig\`: signed by the key of the log
- \`result.json\`: the closing of the window, or what it comes to so far
- \`terms/\`: the terms of every revision, defaults and time zones written out; their SHA-256 is what closings cite
- \`keys/\`: public keys of the log and of each agent
- \`witness-policy.txt\`, where witnesses were asked: who they are; they have signed below the log in \`log/checkpoint\`
- \`timestamps/\`, where an authority was asked: its tokens (RFC 3161), by the size of the checkpoint that they date
- \`log/\`: checkpoint, entries and hashes as C2SP tlog-tiles names them; \`checkpoints/\`: the last one of each day
- \`beside/\`: what entries hold by its SHA-256 only: long texts, and the provider's statements

An entry is a byte of type, eight bytes of milliseconds since 1970, and a body. Type 1 is a frame of an agent:
\`CST1\`, a byte, four bytes of length, the payload (MessagePack), 64 bytes of signature.

`

const BY_HAND = `## Check it by hand

With sha256sum, openssl, jq and xxd, in the folder where it was unpacked. Every file, and the manifest:

\`\`\`sh
jq -r '.files[] | .sha256 + "  " + .path' manifest.json | sha256sum -c --quiet && echo "files hold"
{ printf 'constat/manifest/v1\\n'; cat manifest.json; } > manifest.signed
openssl pkeyutl -verify -pubin -inkey keys/log.pem -rawin -in manifest.signed -sigfile manifest.sig
\`\`\`

The checkpoint is signed by the log, and its root is that of the hashes:

\`\`\`sh
sed '/^$/,$d' log/checkpoint > checkpoint.signed
sed -n '/^$/{n;p;q;}' log/checkpoint | sed 's/.* //' | base64 -d | tail -c +5 > checkpoint.sig
openssl pkeyutl -verify -pubin -inkey keys/log.pem -rawin -in checkpoint.signed -sigfile checkpoint.sig
pair() {
  while read -r left; do
    if read -r right; then echo "01$left$right" | xxd -r -p | sha256sum | cut -c 1-64; else echo "$left"; fi
  done
}
find log/tile/0 -type f | LC_ALL=C sort | xargs cat | xxd -p -c 32 > hashes
while [ "$(wc -l < hashes)" -gt 1 ]; do pair < hashes > above; mv above hashes; done
test "$(xxd -r -p hashes | base64)" = "$(sed -n 3p log/checkpoint)" && echo "root holds"
\`\`\`

A token dates the checkpoint of its size, as far as the signature of the log. CA is the file with the root certificate
of the authority, which is not in here: it would prove nothing by itself.

\`\`\`sh
for token in $(find . -path './timestamps/*.tst'); do
  size=$(basename "$token" .tst)
  note=checkpoints/$size
  test -f "$note" || note=log/checkpoint
  sed '/^— /q' "$note" > dated
  openssl ts -reply -in "$token" -token_in -text | sed -n 's/^Time stamp: /dated /p'
  openssl ts -verify -in "$token" -token_in -data dated -CAfile "\${CA:-ca.pem}"
done
\`\`\`

An entry is the leaf under its hash, and a frame is signed by an agent (BUNDLE and PLACE: which one):

\`\`\`sh
BUNDLE=\${BUNDLE:-$(cd log/tile/entries && find . -type f | LC_ALL=C sort | head -n 1 | cut -c 3-)} PLACE=\${PLACE:-0}
at=1
for place in $(seq 0 "$PLACE"); do
  length=$(tail -c +$at "log/tile/entries/$BUNDLE" | head -c 2 | od -An -tu1 | awk '{ print $1 * 256 + $2 }')
  test "$place" -eq "$PLACE" || at=$((at + 2 + length))
done
tail -c +$((at + 2)) "log/tile/entries/$BUNDLE" | head -c "$length" > entry
leaf=$({ printf '\\0'; cat entry; } | sha256sum | cut -c 1-64)
test "$leaf" = "$(tail -c +$((PLACE * 32 + 1)) "log/tile/0/$BUNDLE" | head -c 32 | xxd -p -c 32)" && echo "entry holds"
if [ "$(head -c 1 entry | xxd -p)" = 01 ]; then
  { printf 'constat/batch/v1\\n'; tail -c +19 entry | head -c -64; } > frame.signed
  tail -c 64 entry > frame.sig
  for key in keys/agent-*.pem; do
    openssl pkeyutl -verify -pubin -inkey "$key" -rawin -in frame.signed -sigfile frame.sig > /dev/null 2>&1 &&
      echo "signed by $key"
  done
fi
\`\`\`

The terms are those that were agreed, and by which the window was judged:

\`\`\`sh
sha256sum terms/*.json
jq -r '.contractDigest, .results.guarantees[].contractDigest' result.json | sort -u
\`\`\`

`

const LIMITS = `## What it does not prove

Where an agent stands. That a probe means what the contract means. That nobody else holds the key of an agent or of
the log. That there is no second log: keep checkpoints and bundles that you were given, a later one has to extend
them. Its entries are dated by the clocks of the agents and of the collector.
`
