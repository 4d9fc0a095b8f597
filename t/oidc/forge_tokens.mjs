// SPDX-License-Identifier: Apache-2.0
// Keys and id_tokens of the forging provider. `jws` says how a token is signed:
//   alg      RS256 (default), ES256, EdDSA, none, HS256 (hs: "secret" or "public": what the HMAC's key is)
//   says     the alg in the header, if it differs from the one that signs
//   kid      another kid; null: none
//   foreign  true: signed with a key that is in no JWK set
//   header   further members of the header
//   bend     signature (one bit changed), payload (other claims than the signed ones), padding (an "=" at the end), parts (two parts),
//            five (five parts), der (an ES256 signature in ASN.1)
import { createHmac, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const KINDS = { RS256: ['rsa', { modulusLength: 2048 }], ES256: ['ec', { namedCurve: 'P-256' }], EdDSA: ['ed25519', {}] };
const HASHES = { RS256: 'sha256', ES256: 'sha256', EdDSA: null };

export const b64 = data => Buffer.from(data).toString('base64url');

function makeKey(alg, kid) {
    const { privateKey, publicKey } = generateKeyPairSync(...KINDS[alg]);
    return { alg, kid, privateKey, publicKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } };
}

// Makes one key for each algorithm, with new kids.
export const makeKeys = () => {
    const mark = randomBytes(4).toString('hex');
    return Object.keys(KINDS).map(alg => makeKey(alg, `${mark}-${alg}`));
};

const foreign = new Map();
function foreignKey(alg) {
    if (!foreign.has(alg)) foreign.set(alg, makeKey(alg, 'foreign'));
    return foreign.get(alg);
}

function signature(alg, key, text, jws, secret) {
    if (alg === 'none') return '';
    if (alg === 'HS256') {
        const bytes = jws.hs === 'public' ? key.publicKey.export({ format: 'pem', type: 'spki' }) : secret;
        return createHmac('sha256', bytes).update(text).digest('base64url');
    }
    const form = jws.bend === 'der' ? {} : { dsaEncoding: 'ieee-p1363' };
    const bytes = sign(HASHES[alg], Buffer.from(text), { key: key.privateKey, ...form });
    if (jws.bend === 'signature') bytes[8] ^= 1;
    return bytes.toString('base64url');
}

// Leaves out members that are null. A member {"$is": X} becomes X, which may be null.
export function withoutNulls(object) {
    const kept = Object.entries(object).filter(([, value]) => value !== null);
    return Object.fromEntries(kept.map(([name, value]) => [name, value && typeof value === 'object' && '$is' in value ? value.$is : value]));
}

export function makeToken(keys, claims, jws, secret) {
    const alg = jws.alg ?? 'RS256';
    const known = keys.find(key => key.alg === alg) ?? keys[0];
    const key = jws.foreign ? foreignKey(alg) : known;
    const header = withoutNulls({ alg: jws.says ?? alg, typ: 'JWT', kid: known.kid, ...('kid' in jws ? { kid: jws.kid } : {}), ...jws.header });
    let payload = b64(jws.payload ?? JSON.stringify(withoutNulls(claims)));
    const text = `${b64(JSON.stringify(header))}.${payload}`;
    const signed = signature(alg, key, text, jws, secret);
    switch (jws.bend) {
    case 'payload':
        payload = b64(JSON.stringify({ ...withoutNulls(claims), sub: 'somebody-else' }));
        return `${text.split('.')[0]}.${payload}.${signed}`;
    case 'padding': return `${text}.${signed}=`;
    case 'parts': return text;
    case 'five': return `${text}.${signed}.${signed}.${signed}`;
    default: return `${text}.${signed}`;
    }
}

// Makes the JWK set. how: only [ALG...], without [members of a key], many N (copies of the first key with other kids, up to N keys), twice
// (the first key again), more [JWK...].
export function keySet(keys, how) {
    const shown = keys.filter(key => !how.only || how.only.includes(key.alg)).map(key => ({ ...key.jwk }));
    for (const jwk of shown) for (const name of how.without ?? []) delete jwk[name];
    for (let i = shown.length; i < (how.many ?? 0); i++) shown.push({ ...shown[0], kid: `copy-${i}` });
    if (how.twice) shown.push(shown[0]);
    return { keys: [...shown, ...(how.more ?? [])] };
}
