// Package trustlist reads and writes the signed lists that a site gives all its terminals: credentials and people that
// are revoked, and issuers that are trusted. A list comes from a file or over the fleet's broker, so that nothing about
// it is taken on trust but its signature; a signer's numbers only grow, so that an older one can be told from a newer.
//
// # Format
//
//	8 bytes   "UMBLIST1"
//	1+n       kind behind a length byte: "revocation", "issuers"
//	8         sequence number, from 1
//	8         when it was made, Unix seconds
//	4+n       content behind its length
//	64        Ed25519 signature (RFC 8032) over "umbral-list-v1", a zero byte, and everything before it
//
// Numbers are unsigned and big-endian. A list that is yet to be signed ends before the signature; the key may then stay
// on a machine that is on no network.
//
// The content of "revocation" is entries of 16 bytes each, strictly ascending, found by binary search where they lie:
// the first half of SHA-256 over "umbral-revocation-v1", a zero byte, and the parts of the entry, each behind its
// length in four bytes. That keeps names and numbers out of the list, but not from somebody who can guess them: citizen
// numbers can all be tried in hours. Let the broker's access rules name who may read it.
//
// The content of "issuers" is a JSON array of issuers' key files, as package credential reads them: of identities, and
// with "profile": "hcert" of health certificates.
package trustlist
