-- SPDX-License-Identifier: Apache-2.0
-- wrk, one connection for each thread: FLOW=sign-up, sign-in, refresh or list against our routes. For refresh each answer's
-- token is what the next request sends. TOKENS names a file: a bearer of an administrator, then a refresh token for each thread.
local flow = os.getenv("FLOW")
local tokens = {}
for line in io.lines(os.getenv("TOKENS")) do
    tokens[#tokens + 1] = line
end
local threads = 0
function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
    thread:set("token", tokens[threads + 1])
    thread:set("bearer", tokens[1])
end
local turn = 0
local json = { ["Content-Type"] = "application/json" }
function request()
    turn = turn + 1
    if flow == "list" then
        return wrk.format("GET", "/api/auth/users", { ["Authorization"] = "Bearer " .. bearer })
    elseif flow == "refresh" then
        return wrk.format("POST", "/api/auth/refresh", json, '{"refresh_token":"' .. token .. '"}')
    elseif flow == "sign-in" then
        return wrk.format("POST", "/api/auth/login", json,
            '{"email":"in' .. number .. '@example.org","password":"correct horse"}')
    end
    return wrk.format("POST", "/api/auth/register", json,
        '{"email":"up' .. number .. "-" .. turn .. '@example.org","password":"correct horse"}')
end
if flow == "refresh" then
    function response(status, headers, body)
        token = body:match('"refresh_token":"([^"]+)"') or token
    end
end
