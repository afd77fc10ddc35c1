/**
 * French: what a probe says of one look, sentence by sentence, as an agent sends them in English. A sentence that has
 * no French here is quoted as it came. Pure.
 */
import { de } from './elision.ts'

type Words = readonly [form: RegExp, french: (found: readonly string[]) => string]

const fixed = (english: string, french: string): Words => [new RegExp(`^${english}$`), () => french]

/** What was waited for at a deadline, as its code names it. */
export const WAITED_FR = {
  'no name': 'Pas de nom',
  'no connection': 'Pas de connexion',
  'no handshake': 'Pas de négociation TLS',
  'no first byte': 'Pas de premier octet',
  'no end': 'Pas de fin de réponse',
}

const SENTENCES: readonly Words[] = [
  // HTTP.
  [/^status (\d+)$/, ([n]) => `statut ${n}`],
  [
    /^status (\d+): a redirect that is not followed$/,
    ([n]) => `statut ${n} : une redirection qui n’est pas suivie`,
  ],
  [
    /^status (\d+): turned away before the service$/,
    ([n]) => `statut ${n} : l’agent a été écarté avant le service`,
  ],
  fixed('status 407: the proxy asks for credentials', 'statut 407 : le mandataire demande à s’authentifier'),
  [/^slower than (\d+) ms$/, ([ms]) => `plus de ${ms} ms`],
  [/^slower than (\d+) ms: (.+)$/, ([ms, rest]) => `plus de ${ms} ms : ${probeSentenceFr(rest!)}`],
  [/^(.+), slower than (\d+) ms$/, ([rest, ms]) => `${probeSentenceFr(rest!)}, plus de ${ms} ms`],
  [/^the body passes (\d+) bytes$/, ([n]) => `le contenu dépasse ${countFr(n!, 'octet')}`],
  [/^there is no header (\S+)$/, ([name]) => `l’en-tête ${name} est absent`],
  [
    /^the header (\S+) does not hold the expected text$/,
    ([name]) => `l’en-tête ${name} ne contient pas le texte attendu`,
  ],
  [
    /^the body does not hold the expected text(?: in its first (\d+) bytes)?$/,
    ([n]) => `le contenu ne porte pas le texte attendu${n ? ` dans ses ${n} premiers octets` : ''}`,
  ],
  fixed('the body holds the text that must not be there', 'le contenu porte le texte qui ne doit pas y être'),
  fixed(
    'its compressed stream ends early, so nobody knows what is not in it',
    'son flux compressé finit trop tôt : nul ne sait ce qui n’y est pas',
  ),
  [
    /^the body cannot be read as JSON: (.+)$/,
    ([why]) => `le contenu n’est pas lisible comme JSON (${probeSentenceFr(why!)})`,
  ],
  [/^the body cannot be read: (.+)$/, ([why]) => `le contenu est illisible : ${probeSentenceFr(why!)}`],
  fixed('not JSON', 'ce n’est pas du JSON'),
  [/^there is nothing at (.+)$/, ([path]) => `il n’y a rien à ${path}`],
  [/^(\S+) is (.+), not (.+)$/, ([path, seen, wanted]) => `${path} vaut ${seen} au lieu de ${wanted}`],
  [/^no (\S+): (.+)$/, ([name, why]) => `pas de ${name} : ${probeSentenceFr(why!)}`],
  [/^more than (\d+) redirects$/, ([n]) => `plus de ${countFr(n!, 'redirection')}`],
  fixed(
    'a redirect to something that is not a web address',
    'une redirection vers ce qui n’est pas une adresse web',
  ),
  [
    /^a redirect that would take a secret to (.+)$/,
    ([to]) => `une redirection qui porterait un secret vers ${to}`,
  ],
  [/^no HTTP answer: .+$/, () => 'la réponse n’est pas du HTTP'],
  fixed('the connection ended without an answer', 'la connexion a pris fin sans réponse'),
  [/^the connection ended .+$/, () => 'la connexion a pris fin avant la réponse entière'],
  fixed('the answer is not whole', 'la réponse n’est pas entière'),
  // Names.
  [/^(\S+) does not exist \(NXDOMAIN\)$/, ([name]) => `${name} n’existe pas (NXDOMAIN)`],
  [/^(\S+) has no address$/, ([name]) => `${name} n’a pas d’adresse`],
  [
    /^(\S+) is not known: the name server failed \(SERVFAIL\)$/,
    ([name]) => `${name} est inconnu : le serveur de noms a failli (SERVFAIL)`,
  ],
  [
    /^(\S+) is not known: the name server refused \(REFUSED\)$/,
    ([name]) => `${name} est inconnu : le serveur de noms a refusé (REFUSED)`,
  ],
  [
    /^(\S+) is not known: the name server did not answer$/,
    ([name]) => `${name} est inconnu : le serveur de noms n’a pas répondu`,
  ],
  [
    /^(\S+) is not known: no name server listens$/,
    ([name]) => `${name} est inconnu : aucun serveur de noms n’écoute`,
  ],
  [
    /^(\S+) is not known: the name server did not understand the query \(FORMERR\)$/,
    ([name]) => `${name} est inconnu : le serveur de noms n’a pas compris la question (FORMERR)`,
  ],
  [
    /^(\S+) is not known: the name server does not do such queries \(NOTIMP\)$/,
    ([name]) => `${name} est inconnu : le serveur de noms ne traite pas ces questions (NOTIMP)`,
  ],
  [
    /^(\S+) is not known: the name server only refers to others$/,
    ([name]) => `${name} est inconnu : le serveur de noms ne fait que renvoyer à d’autres`,
  ],
  [
    /^(\S+) is not known: the answer of the name server cannot be read$/,
    ([name]) => `${name} est inconnu : la réponse du serveur de noms est illisible`,
  ],
  [
    /^(\S+) is not known: a router on the way to the name server refuses$/,
    ([name]) => `${name} est inconnu : un routeur refuse le chemin vers le serveur de noms`,
  ],
  [
    /^(\S+) is no name that can be asked for$/,
    ([name]) => `${name} n’est pas un nom que l’on puisse demander`,
  ],
  [/^(\S+) is not known: .+$/, ([name]) => `${name} est inconnu : le serveur de noms n’a rien dit d’utile`],
  // Connections and time.
  fixed('connected', 'connecté'),
  ...Object.entries(WAITED_FR).map(([code, french]) =>
    fixed(`no answer in time: ${code}`, `pas de réponse à temps : p${french.slice(1)}`),
  ),
  fixed('no answer in time', 'pas de réponse à temps'),
  [/^the connection was refused(?:: (\S+))?$/, ([by]) => `connexion refusée${by ? ` par ${by}` : ''}`],
  [/^the connection was cut(?:: \S+)?$/, () => 'la connexion a été coupée'],
  [
    /^nothing answered the connection(?:: (\S+))?$/,
    ([to]) => `aucune réponse${to ? ` ${de(to)}` : ' à la connexion'}`,
  ],
  fixed('closed in the handshake', 'connexion fermée pendant la négociation TLS'),
  [
    /^a router on the way says that (\S+) cannot be reached \((\w+)\)$/,
    ([to, code]) => `un routeur en chemin dit ${to} injoignable (${code})`,
  ],
  [
    /^this host has no route to (\S+)(, its name server)?$/,
    ([to, isServer]) =>
      `l’hôte de l’agent n’a pas de route vers ${to}${isServer ? ', son serveur de noms' : ''}`,
  ],
  [
    /^this host's link towards (\S+) is down(, its name server)?$/,
    ([to, isServer]) =>
      `le lien de l’hôte de l’agent vers ${to}${isServer ? ', son serveur de noms,' : ''} est coupé`,
  ],
  [/^refused by this host: (.+)$/, ([rule]) => `refusé par l’hôte de l’agent : ${rule}`],
  fixed('this host was too busy to time it', 'l’hôte de l’agent était trop occupé pour mesurer'),
  fixed('this host slept, or its clock jumped', 'l’hôte de l’agent dormait, ou son horloge a sauté'),
  [/^(\S+) is no IPv(\d) address$/, ([address, family]) => `${address} n’est pas une adresse IPv${family}`],
  [/^no (\w+) greeting: .*$/, ([of]) => `pas d’accueil ${of}`],
  fixed('no SSH identification: .*', 'pas d’identification SSH'),
  // TLS.
  [
    /^(-?\d+) days? left(?:: (.+) ends first)?, (\S+)$/,
    ([n, who, version]) =>
      `${countFr(n!, 'jour')} ${isOne(n!) ? 'restant' : 'restants'}${who ? ` : ${who} finit en premier` : ''}, ${version}`,
  ],
  [
    /^the public key is none of the pinned ones: (.+)$/,
    ([pin]) => `la clé publique n’est aucune des clés épinglées : ${pin}`,
  ],
  [
    /^(\S+) was agreed on, (\S+) is the least$/,
    ([seen, least]) => `${seen} a été convenu, ${least} est le minimum`,
  ],
  [/^a certificate of the chain has ended.*$/, () => 'un certificat de la chaîne est arrivé à son terme'],
  [
    /^a certificate of the chain is not valid yet.*$/,
    () => 'un certificat de la chaîne n’est pas encore valable',
  ],
  [/^the certificate is revoked.*$/, () => 'le certificat est révoqué'],
  [/^the certificate is of another name.*$/, () => 'le certificat est à un autre nom'],
  [
    /^the certificate is signed by itself, and not trusted here.*$/,
    () => 'le certificat est signé par lui-même, et n’est pas reconnu ici',
  ],
  [
    /^the chain (?:ends in an authority|leads to no authority) that is (?:not )?trusted here.*$/,
    () => 'la chaîne ne mène à aucune autorité reconnue ici',
  ],
  [
    /^the server sent no issuer of its certificate.*$/,
    () => 'le serveur n’a pas envoyé l’émetteur de son certificat, inconnu ici',
  ],
  [/^the certificate is not for servers.*$/, () => 'le certificat n’est pas fait pour un serveur'],
  fixed('what answers there does not speak TLS', 'ce qui répond ne parle pas TLS'),
  fixed('the server knows no site of this name', 'le serveur ne connaît aucun site de ce nom'),
  fixed('the server has no version of TLS that is in use', 'le serveur n’a aucune version de TLS en usage'),
  fixed('the server wants a client certificate', 'le serveur demande un certificat client'),
  // DNS, echo, host, steps.
  [
    /^([A-Z0-9]+), ([A-Z]+) records: (\d+)$/,
    ([rcode, type, n]) => `${rcode}, enregistrements ${type} : ${n}`,
  ],
  [/^(\S+) in place of (\S+)$/, ([seen, wanted]) => `${seen} au lieu de ${wanted}`],
  [/^NXDOMAIN: there is no (\S+)$/, ([name]) => `NXDOMAIN : ${name} n’existe pas`],
  [/^the server answered (\S+)$/, ([rcode]) => `le serveur a répondu ${rcode}`],
  [/^not in the answer: (.+)$/, ([wanted]) => `absent de la réponse : ${wanted}`],
  [/^(\S+) has no (\S+) record$/, ([name, type]) => `${name} n’a pas d’enregistrement ${type}`],
  [
    /^(\d+) of (\d+) came back: ?(.*)$/,
    ([got, sent, times]) =>
      `${got} sur ${sent} ${isOne(got!) ? 'est revenu' : 'sont revenus'}${times ? ` : ${decimalsFr(times)}` : ''}`,
  ],
  [/^step (\S+): (.+)$/, ([step, rest]) => `étape ${step} : ${probeSentenceFr(rest!)}`],
  fixed('1 step', '1 étape'),
  [/^all (\d+) steps$/, ([n]) => `les ${n} étapes`],
  [/^no process is named (.+)$/, ([name]) => `aucun processus ne se nomme ${name}`],
  [
    /^(\d+) process(?:es)? (?:is |are )?named (.+)$/,
    ([n, name]) => `${n} processus nommé${n === '1' ? '' : 's'} ${name}`,
  ],
  [/^the service (\S+) is (\S+)$/, ([name, state]) => `le service ${name} : ${state}`],
]

/** Nought is one, too. */
function isOne(n: string): boolean {
  return Math.abs(Number(n)) < 2
}

function countFr(n: string, noun: string): string {
  return `${n} ${noun}${isOne(n) ? '' : 's'}`
}

function decimalsFr(text: string): string {
  return text.replaceAll(/(\d)\.(\d)/g, '$1,$2')
}

/** `text` itself where it has no French. */
export function probeSentenceFr(text: string): string {
  for (const [form, french] of SENTENCES) {
    const found = form.exec(text)
    if (found) return french(found.slice(1).map((part) => part ?? ''))
  }
  return text
}

const WANTED: readonly Words[] = [
  [/^at most (.+)$/, ([limit]) => `${decimalFr(limit!)} au plus`],
  [/^at least (.+)$/, ([limit]) => `${decimalFr(limit!)} au moins`],
  fixed('any', 'quel qu’en soit le nombre'),
  fixed('2xx, or a page to sign on', '2xx, ou une page de connexion'),
]

export function wantedFr(text: string): string {
  const [form, french] = WANTED.find(([one]) => one.test(text)) ?? []
  return french ? french(form!.exec(text)!.slice(1)) : text
}

export function seenFr(text: string): string {
  return text === 'holds' ? 'tenu' : decimalFr(text)
}

/** `12.3 ms` is `12,3 ms`. */
function decimalFr(text: string): string {
  return text.replace(
    /^(\d+)(?:\.(\d+))?( ms)?$/,
    (_, whole: string, part?: string, unit?: string) =>
      `${whole}${part ? `,${part}` : ''}${unit ? ' ms' : ''}`,
  )
}

/** What a probe compared, by the agent's word for it. */
export const COMPARED_FR: ReadonlyMap<string, string> = new Map([
  ['time', 'délai'],
  ['pace', 'rythme'],
  ['status', 'statut'],
  ['body contains', 'le contenu porte'],
  ['body lacks', 'le contenu ne porte pas'],
  ['contains', 'présence de'],
  ['steps done', 'étapes faites'],
  ['greeting', 'accueil'],
  ['text', 'texte'],
  ['name', 'nom'],
  ['pin', 'clé épinglée'],
  ['version', 'version'],
  ['days left', 'jours restants'],
  ['rcode', 'code de réponse'],
  ['answers', 'réponses'],
  ['records', 'enregistrements'],
  ['percent lost', 'pour cent perdus'],
  ['degraded', 'dégradé au-delà de'],
  ['fail', 'en échec au-delà de'],
])
