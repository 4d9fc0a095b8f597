-- SPDX-License-Identifier: Apache-2.0
-- wrk: wrong passwords of people who do not exist. FAR=1: each from an address of its own, as a proxy would tell. Says how often which
-- status came; unsaid: without Retry-After, or another one.
local far = os.getenv("FAR") == "1"
local threads = {}
local json = { ["Content-Type"] = "application/json", ["X-Forwarded-For"] = "192.0.2.1" }
function setup(thread)
    table.insert(threads, thread)
end
function init()
    math.randomseed(os.time())
end
function request()
    if far then
        json["X-Forwarded-For"] = "10." .. math.random(0, 255) .. "." .. math.random(0, 255) .. "." .. math.random(1, 254)
    end
    return wrk.format("POST", "/api/auth/login", json,
        '{"email":"x' .. math.random(1, 1000000000) .. '@example.org","password":"a wrong one"}')
end
s401, s429, s503, unsaid = 0, 0, 0, 0
function response(status, headers)
    if status == 401 then
        s401 = s401 + 1
    elseif (status == 429 or status == 503) and tonumber(headers["Retry-After"] or "0") > 0 then
        s429 = s429 + (status == 429 and 1 or 0)
        s503 = s503 + (status == 503 and 1 or 0)
    else
        unsaid = unsaid + 1
    end
end
function done(summary)
    local sum = { s401 = 0, s429 = 0, s503 = 0, unsaid = 0 }
    for _, thread in ipairs(threads) do
        for name in pairs(sum) do
            sum[name] = sum[name] + thread:get(name)
        end
    end
    io.write(string.format("FLOOD seconds=%.3f 401=%d 429=%d 503=%d unsaid=%d\n", summary.duration / 1e6, sum.s401, sum.s429, sum.s503,
        sum.unsaid))
end
