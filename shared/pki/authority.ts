/**
 * The enterprise's own certificate authority (SC1). Node makes the keys, which takes it 80 ms where node-forge takes
 * seconds; node-forge only builds and signs certificates. Verifying is the business of Node's TLS alone.
 *
 * Certificates are short-lived: a lab issues them anew, and nobody has to revoke one.
 */
import { generateKeyPair, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import forge from 'node-forge'

/** A certificate and its private key (PKCS #8), both PEM. */
export type Authority = { readonly certificatePem: string; readonly keyPem: string }
export type Identity = { readonly certificatePem: string; readonly keyPem: string }

export type Subject = {
  readonly commonName: string
  /** DNS names. */
  readonly names: readonly string[]
  /** IP addresses. */
  readonly addresses: readonly string[]
}

const authorityDays = 30
export const identityDays = 7

/** A certificate begins a little in the past, for hosts whose clocks differ. */
const clockDifferenceMs = 5 * 60 * 1000
const dayMs = 24 * 60 * 60 * 1000
/** Entry kinds of a subject alternative name (RFC 5280, GeneralName). */
const nameKind = { dns: 2, address: 7 } as const

const generate = promisify(generateKeyPair)

/** A new authority for the enterprise `name`. */
export async function createAuthority(name: string): Promise<Authority> {
  const keys = await newKeys()
  const certificate = blank(keys.publicKey, authorityDays)
  const subject = [
    { name: 'organizationName', value: name },
    { name: 'commonName', value: 'Certificate Authority' },
  ]
  certificate.setSubject(subject)
  certificate.setIssuer(subject)
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ])
  return signed(certificate, keys.keyPem, keys.keyPem)
}

/** A certificate for both ends of a link, under `authority`, that carries exactly the names and addresses given. */
export async function issue(authority: Authority, subject: Subject): Promise<Identity> {
  const keys = await newKeys()
  const issuer = forge.pki.certificateFromPem(authority.certificatePem)
  const certificate = blank(keys.publicKey, identityDays)
  certificate.setSubject([{ name: 'commonName', value: subject.commonName }])
  certificate.setIssuer(issuer.subject.attributes)
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
    {
      name: 'subjectAltName',
      altNames: [
        ...subject.names.map((value) => ({ type: nameKind.dns, value })),
        ...subject.addresses.map((ip) => ({ type: nameKind.address, ip })),
      ],
    },
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
  ])
  return signed(certificate, keys.keyPem, authority.keyPem)
}

/** RSA: an elliptic key is more than node-forge can put into a certificate. */
async function newKeys(): Promise<{ publicKey: forge.pki.PublicKey; keyPem: string }> {
  const pair = await generate('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  return { publicKey: forge.pki.publicKeyFromPem(pair.publicKey), keyPem: pair.privateKey }
}

function blank(publicKey: forge.pki.PublicKey, days: number): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = publicKey
  certificate.serialNumber = positiveSerial()
  const now = Date.now()
  certificate.validity.notBefore = new Date(now - clockDifferenceMs)
  certificate.validity.notAfter = new Date(now + days * dayMs)
  return certificate
}

/** Hex that begins with a digit from 1 to 7: the first bit would make the number negative, a leading zero is cut off. */
function positiveSerial(): string {
  const hex = randomBytes(16).toString('hex')
  return `4${hex.slice(1)}`
}

function signed(certificate: forge.pki.Certificate, keyPem: string, signerKeyPem: string): Identity {
  certificate.sign(forge.pki.privateKeyFromPem(signerKeyPem), forge.md.sha256.create())
  return { certificatePem: forge.pki.certificateToPem(certificate), keyPem }
}
