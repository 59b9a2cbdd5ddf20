// Package credential checks electronic identities: the text of a code in, a person's signed data or the step of refusal
// out. It computes only; clock, trusted keys and the memory of what was shown before are given to it.
//
// # Credential
//
// A QR code's text is base45 (RFC 9285) of zlib (RFC 1950) of a COSE_Sign1 (RFC 9052) of a CBOR Web Token (RFC 8392)
// that holds claim 169, the identity ("169 - QR Code Specification" 1.2.2 of MOSIP). A COSE_Encrypt0 with AES-GCM may
// be around the COSE_Sign1. Signatures are EdDSA (Ed25519), ES256 and ES384 (ECDSA P-256 with SHA-256, P-384 with
// SHA-384) or PS256 (RSA of 2048 to 4096 bits); which one is decided by the key, never by the message. The tag of COSE
// may be left out, that of CWT (61) may stand before it. What is signed may hold items of indefinite length, within the
// same limits; COSE's own structure may not. Brotli, which the specification also allows, is not taken: it is refused
// as NotZlib.
//
// Tolerated, because issuers write it: attribute numbers and values as text (PixelPass), the photograph as hexadecimal,
// a single biometric sample without a list around it, a date of birth with hyphens, a scheme such as mosip:// before
// the text.
//
// # HCERT
//
// A text that begins with HC1: is the EU's electronic health certificate: the same encodings, and claim -260 rather
// than 169. It proves a name and a date of birth, which may be partial (see BirthDate); what it certifies is not
// judged, but that it certifies one thing, and that the signer may certify that, is checked. Its subject is the
// certificate's id, since there is no number of the person in it. Issuers are trusted for one Profile each, and HCERT's
// keys only by their id: the first 8 bytes of the SHA-256 of the signer's certificate.
//
// # Rotating code
//
// A credential with the claim cnf (RFC 8747) belongs to a key that never leaves the phone. The phone presents it in a
// fresh code every few seconds, and the bare credential is refused. The text is
//
//	"UMBRAL1:" + base45( COSE_Sign1 by the holder's key, external data "umbral presentation 1", of {
//	      3: text, the terminal that it is for        (aud)
//	      6: seconds since 1970                       (iat)
//	      7: 8 to 32 random bytes                     (cti)
//	  -65537: bytes, the credential as in its own code, after base45 is undone
//	})
//
// so that nothing is encoded twice: it takes about 170 characters more than the credential. The text stays within QR's
// alphanumeric alphabet. What is compared with what was seen before is SHA-256 over the holder's key, time stamp and
// random bytes, not the text: signatures of ECDSA can be changed into another valid one by anybody.
//
// # Bar code
//
// A Code 128 holds a person's number and an 8-digit time-based one-time password (RFC 6238: SHA-1, 30 s), which is
// checked against the person's enrolled secret. It proves possession of the secret and carries no data. A bar code with
// a number that has no secret, such as a parcel's label, is not one of ours and says nothing. TOTPGuard limits
// guessing.
//
// # Order of refusal
//
// See Step: size, context, base45, zlib, COSE, decryption, claims, issuer, issuer's signature, key usage, validity,
// then what the holder adds: presence, signature, audience, age; and last, by the caller, replay. A key that is not in
// force is BadSignature, and is reported after the credential's own validity. From UnknownIssuer on the credential is
// decoded and returned for showing, with nothing proven.
//
// # Limits
//
//	text of a code                 4,296 bytes (a QR code cannot hold more); configurable to 64 KiB
//	after zlib                     32 KiB; configurable to 1 MiB
//	CBOR nesting                   8; configurable 4 to 64; duplicate keys, bignums and bad UTF-8 refused
//	elements of a CBOR array, map  128; configurable to 4,096
//	issuer, subject, audience      1,024 bytes each, 16 audiences; token id 64 bytes
//	best fingers, samples a part   10, 16
//	photograph                     64 KiB, 1024×1024 pixels; configurable to 16 megapixels
//	issuers, keys an issuer        128, 16 (256 for HCERT); key id 64 bytes; decryption keys 16; key file 256 KiB
//	trust list of HCERT            8 MiB; name 1,024 bytes, certificate id 255
//	bar code                       number of 4 to 24 characters and 8 digits; passcode of this step of 30 s ± 1; after 5
//	                               wrong ones in a row 15 min until the next is looked at, for 256 numbers
//	age of a presentation          30 s (1 s to 10 min) and 5 s of clock difference (0 to 5 min)
//
// Reading codes out of pictures is package symbol's work.
package credential
