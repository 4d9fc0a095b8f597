// SPDX-License-Identifier: Apache-2.0
// A real identity provider, configured like Google: node provider.mjs PORT HOST CLIENT_ID SECRET REDIRECT_URI...
// It listens on 127.0.0.1, names itself http://HOST:PORT, and ends at the end of its standard input. It signs in without a page: the
// parameter login_hint names the person. "deny" refuses, "corp" has an address of a company, "unverified" has an unproven
// address, any other NAME has NAME@gmail.test.
import { generateKeyPairSync } from 'node:crypto';
const { Provider, interactionPolicy } = await import(`${process.env.AUTHP_OIDC}/node_modules/oidc-provider/lib/index.js`);

const [port, host, client_id, client_secret, ...redirect_uris] = process.argv.slice(2);
const issuer = `http://${host}:${port}`;
const jwk = kid => ({ ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' });
const persons = {
    corp: { email: 'c@corp.test', email_verified: true, name: 'Corp', hd: 'corp.test' },
    unverified: { email: 'unverified@gmail.test', email_verified: false, name: 'Unverified' },
};
const claimsOf = sub => ({ sub, ...(persons[sub] ?? { email: `${sub}@gmail.test`, email_verified: true, name: sub, picture: `${issuer}/${sub}.png` }) });

// Without this prompt oidc-provider refuses `prompt=select_account`, which Google accepts.
const policy = interactionPolicy.base();
policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }), 0);

const provider = new Provider(issuer, {
    clients: [{
        client_id, client_secret, redirect_uris, response_types: ['code'], grant_types: ['authorization_code'],
        token_endpoint_auth_method: 'client_secret_basic', application_type: 'web',
    }],
    jwks: { keys: [jwk('k1'), jwk('k2')] },
    conformIdTokenClaims: false, // the id_token has the claims of email and profile, like Google's
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'picture', 'hd'] },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: false } },
    findAccount: (ctx, id) => ({ accountId: id, claims: async () => claimsOf(id) }),
    interactions: { policy, url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    ttl: { IdToken: 3600, AccessToken: 3600, AuthorizationCode: 60, Grant: 3600, Session: 3600, Interaction: 600 },
    cookies: { keys: ['not a secret: a provider of tests'] },
    loadExistingGrant: async ctx => {
        const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
        grant.addOIDCScope('openid email profile');
        await grant.save();
        return grant;
    },
});

provider.use(async (ctx, next) => {
    if (!/^\/interaction\/[\w-]+$/.test(ctx.path)) {
        await next();
        return;
    }
    const { params } = await provider.interactionDetails(ctx.req, ctx.res);
    const who = params.login_hint || 'alice';
    const result = who === 'deny' ? { error: 'access_denied', error_description: 'refused' } : { select_account: {}, login: { accountId: who } };
    await provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
});
provider.listen(+port, '127.0.0.1', () => console.log(`ready ${issuer}`));
process.stdin.resume().on('end', () => process.exit(0));
