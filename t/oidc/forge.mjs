// SPDX-License-Identifier: Apache-2.0
// The forging identity provider: node forge.mjs PORT [CERTIFICATE KEY]. It listens on 127.0.0.1 and ends at the end of its standard input.
// The first folder of a path names an issuer (http://127.0.0.1:PORT/NAME) with keys and a plan of its own. The plan says what the issuer does wrong:
//   POST /NAME/control {reset, rotate, forget, plan}   -> {counts, seen}: the number of requests for each path, and their parameters
//   POST /NAME/mint {claims, jws, client_id, secret}   -> {id_token}: made without a sign-in
// A member of a plan is in force until the next plan replaces it:
//   claims      replace claims of the person; null leaves a claim out
//   jws         how the id_token is signed (forge_tokens.mjs)
//   authorize   {params: replace parameters of the redirect (null leaves one out), error}
//   discovery, jwks, token, user, emails    {members: replace members of the answer} and the faults of answer()
//   set         the keys that the JWK set has (keySet in forge_tokens.mjs)
// The parameter login_hint names the person: "deny" refuses; any other NAME signs in as NAME@gmail.test.
// Each issuer also answers as GitHub does: /NAME/login/oauth/... and /NAME/api/v3/...
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { keySet, makeKeys, makeToken, withoutNulls } from './forge_tokens.mjs';

const [port, certificate, key] = process.argv.slice(2);
const base = `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`;
const pause = ms => new Promise(done => setTimeout(done, ms));
const realms = new Map();

function realmOf(name) {
    if (!realms.has(name)) {
        realms.set(name, { name, issuer: `${base}/${name}`, keys: makeKeys(), plan: {}, counts: {}, seen: [], codes: new Map(), tokens: new Map() });
    }
    return realms.get(name);
}

// --- answers --------------------------------------------------------------------------------------------------------
// Faults: status, headers, body (replaces the JSON text), redirect (a URL), delay (ms before the answer), pad (bytes of white space at the
// end), close ("first": the connection, without an answer; "half": in the middle of the answer), drip (ms between two bytes).
async function answer(res, data, fault = {}) {
    const wanted = { 'Content-Type': 'application/json', ...fault.headers };
    if (fault.delay) await pause(fault.delay);
    if (fault.close === 'first') return res.destroy();
    if (fault.redirect) return res.writeHead(fault.status ?? 302, { Location: fault.redirect }).end();
    const text = Buffer.from((fault.body ?? JSON.stringify(withoutNulls({ ...data, ...fault.members }))) + ' '.repeat(fault.pad ?? 0));
    res.writeHead(fault.status ?? data.$status ?? 200, wanted);
    if (fault.close === 'half') {
        res.write(text.subarray(0, text.length / 2));
        await pause(20);
        return res.destroy();
    }
    if (fault.drip) {
        for (const byte of text) {
            if (res.destroyed) return res;
            res.write(Buffer.from([byte]));
            await pause(fault.drip);
        }
        return res.end();
    }
    return res.end(text);
}

const refuse = (status, error) => ({ $status: status, error, error_description: 'forged' });

// --- OpenID Connect -------------------------------------------------------------------------------------------------
function discovery(realm) {
    return {
        issuer: realm.issuer, authorization_endpoint: `${realm.issuer}/authorize`, token_endpoint: `${realm.issuer}/token`,
        jwks_uri: `${realm.issuer}/jwks`, response_types_supported: ['code'], subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256', 'ES256', 'EdDSA'], code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    };
}

function person(name) {
    return { sub: name, email: `${name}@gmail.test`, email_verified: true, name: `${name[0].toUpperCase()}${name.slice(1)}`, picture: `${base}/picture/${name}.png` };
}

function idToken(realm, { claims, client_id, nonce, jws, secret }) {
    const now = Math.floor(Date.now() / 1000);
    const all = { iss: realm.issuer, aud: client_id, iat: now, exp: now + 3600, nonce: nonce ?? null, jti: randomBytes(12).toString('hex'), ...claims };
    return makeToken(realm.keys, all, { ...realm.plan.jws, ...jws }, secret);
}

function authorize(realm, res, query) {
    realm.seen.push({ at: 'authorize', ...query });
    const { authorize: plan = {} } = realm.plan;
    const hint = query.login_hint || query.login || 'alice'; // GitHub's name of it is login
    const error = plan.error ?? (hint === 'deny' ? 'access_denied' : undefined);
    const code = randomBytes(24).toString('base64url');
    if (!error) realm.codes.set(code, { ...query, claims: person(hint) });
    const announced = realm.plan.discovery?.members?.authorization_response_iss_parameter_supported;
    const params = withoutNulls({
        ...(error ? { error, error_description: 'forged' } : { code }), state: query.state ?? null, iss: announced ? realm.issuer : null, ...plan.params,
    });
    const to = new URL(query.redirect_uri);
    for (const [name, value] of Object.entries(params)) to.searchParams.append(name, value);
    res.writeHead(302, { Location: to.href, 'Cache-Control': 'no-store' }).end();
}

// client_secret_basic: name and password are form-encoded before they are joined (RFC 6749, section 2.3.1).
function clientOf(req, form) {
    const [scheme, credentials] = (req.headers.authorization ?? '').split(' ');
    if (scheme.toLowerCase() !== 'basic') return { method: form.client_secret === undefined ? 'none' : 'post', id: form.client_id, secret: form.client_secret };
    const decode = text => decodeURIComponent((text ?? '').replaceAll('+', ' '));
    const [id, secret] = Buffer.from(credentials, 'base64').toString().split(':').map(decode);
    return { method: form.client_secret === undefined ? 'basic' : 'both', id, secret };
}

// Returns the refusal, or undefined if the code is valid.
function wrongWith(given, form, client) {
    if (!given) return refuse(400, 'invalid_grant');
    if (client.id !== given.client_id || form.redirect_uri !== given.redirect_uri) return refuse(400, 'invalid_grant');
    const challenge = createHash('sha256').update(form.code_verifier ?? '').digest('base64url');
    if (given.code_challenge !== undefined && challenge !== given.code_challenge) return refuse(400, 'invalid_grant');
    return undefined;
}

function exchange(realm, req, form) {
    const client = clientOf(req, form);
    const given = realm.codes.get(form.code);
    const record = { at: 'token', auth: client.method, client_id: client.id, client_secret: client.secret, form, accept: req.headers.accept, type: req.headers['content-type'] };
    realm.seen.push(record);
    realm.codes.delete(form.code);
    const wrong = wrongWith(given, form, client);
    if (wrong) return wrong;
    const access_token = randomBytes(24).toString('base64url');
    realm.tokens.set(access_token, given);
    record.access_token = access_token;
    return { given, client, record, access_token };
}

function token(realm, req, form) {
    const done = exchange(realm, req, form);
    if (!done.given) return form.grant_type === 'authorization_code' ? done : refuse(400, 'unsupported_grant_type');
    const claims = { ...done.given.claims, ...realm.plan.claims };
    const id_token = idToken(realm, { claims, client_id: done.client.id, nonce: done.given.nonce, secret: done.client.secret });
    done.record.id_token = id_token;
    return { access_token: done.access_token, token_type: 'Bearer', expires_in: 3599, scope: done.given.scope, id_token };
}

// --- GitHub ---------------------------------------------------------------------------------------------------------
// Refusals have status 200. The answer is form-encoded unless the client asks for JSON.
function githubToken(realm, req, res, form) {
    const done = exchange(realm, req, form);
    const data = done.given ? { access_token: done.access_token, token_type: 'bearer', scope: done.given.scope } : { error: 'bad_verification_code', error_description: 'forged' };
    if (/json/.test(req.headers.accept ?? '')) return answer(res, data, realm.plan.token);
    return answer(res, {}, { headers: { 'Content-Type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(data).toString(), ...realm.plan.token });
}

const idOf = name => parseInt(createHash('sha256').update(name).digest('hex').slice(0, 8), 16);

function githubApi(realm, req, res, path) {
    const [scheme, access_token] = (req.headers.authorization ?? '').split(' ');
    const given = /^(bearer|token)$/i.test(scheme) ? realm.tokens.get(access_token) : undefined;
    realm.seen.push({ at: path, agent: req.headers['user-agent'] ?? '', known: given !== undefined });
    if (!req.headers['user-agent']) return answer(res, { $status: 403, message: 'forged: a User-Agent is needed' });
    if (!given) return answer(res, { $status: 401, message: 'Bad credentials' });
    const { sub, email, name, picture } = given.claims;
    if (path === 'api/v3/user') return answer(res, { id: idOf(sub), login: sub, name, avatar_url: picture, email: null }, realm.plan.user);
    const list = [{ email: `old-${email}`, primary: false, verified: true, visibility: null }, { email, primary: true, verified: true, visibility: 'private' }];
    return answer(res, {}, { body: JSON.stringify(list), ...realm.plan.emails });
}

// --- the server -----------------------------------------------------------------------------------------------------
function control(realm, told) {
    if (told.reset) realm.plan = {};
    if (told.reset || told.forget) Object.assign(realm, { counts: {}, seen: [] });
    if (told.rotate) realm.keys = makeKeys();
    Object.assign(realm.plan, told.plan);
    return { issuer: realm.issuer, counts: realm.counts, seen: realm.seen };
}

async function bodyOf(req) {
    const parts = [];
    for await (const part of req) parts.push(part);
    return Buffer.concat(parts).toString();
}

async function serve(req, res) {
    const url = new URL(req.url, base);
    const [, name, ...rest] = url.pathname.split('/');
    const [realm, path, text] = [realmOf(name), rest.join('/'), await bodyOf(req)];
    const cached = fault => ({ ...fault, headers: { 'Cache-Control': 'public, max-age=3600', ...fault?.headers } });
    if (path === 'control') return answer(res, control(realm, JSON.parse(text || '{}')));
    if (path === 'mint') return answer(res, { id_token: idToken(realm, { ...JSON.parse(text), claims: { ...person('alice'), ...JSON.parse(text).claims } }) });
    realm.counts[path] = (realm.counts[path] ?? 0) + 1;
    const form = Object.fromEntries(new URLSearchParams(text));
    const query = Object.fromEntries(url.searchParams);
    switch (`${req.method} ${path}`) {
    case 'GET .well-known/openid-configuration': return answer(res, discovery(realm), cached(realm.plan.discovery));
    case 'GET jwks': return answer(res, keySet(realm.keys, realm.plan.set ?? {}), cached(realm.plan.jwks));
    case 'GET authorize':
    case 'GET login/oauth/authorize': return authorize(realm, res, query);
    case 'POST token': return answer(res, token(realm, req, form), realm.plan.token);
    case 'POST login/oauth/access_token': return githubToken(realm, req, res, form);
    case 'GET api/v3/user':
    case 'GET api/v3/user/emails': return githubApi(realm, req, res, path);
    default: return answer(res, refuse(404, 'not_here'));
    }
}

const handler = (req, res) => serve(req, res).catch(error => {
    console.error(error);
    res.destroy();
});
const server = certificate ? https.createServer({ cert: readFileSync(certificate), key: readFileSync(key) }, handler) : http.createServer(handler);
server.listen(+port, '127.0.0.1', () => console.log(`ready ${base}`));
process.stdin.resume().on('end', () => process.exit(0));
