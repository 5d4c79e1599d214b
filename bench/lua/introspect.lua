-- What a user writes who has Lua at hand. CLUSTER and REMEMBER are filled in: with `true`, answers
-- stay in a table for each worker, in which nothing is ever dropped.
local known = {}

local function introspect(handle, token)
  local headers, body = handle:httpCall("CLUSTER", {
    [":method"] = "POST",
    [":path"] = "/oauth2/introspect",
    [":authority"] = "auth.example.com",
    ["content-type"] = "application/x-www-form-urlencoded",
    ["authorization"] = "Basic Z2F0ZXdheTpzZWNyZXQ=",
  }, "token=" .. token, 5000)
  if headers[":status"] == "200" and body:find('"active":true', 1, true) then
    return body:match('"username":"([^"]*)"') or ""
  end
end

function envoy_on_request(handle)
  local authorization = handle:headers():get("authorization")
  local token = authorization and authorization:match("^[Bb]earer +(%S+)$")
  local user
  if token and REMEMBER then
    local entry = known[token]
    local now = handle:timestamp()
    if entry and entry.ends > now then
      user = entry.user
    else
      user = introspect(handle, token)
      known[token] = user and { user = user, ends = now + 3600000 }
    end
  elseif token then
    user = introspect(handle, token)
  end
  if user then
    handle:headers():replace("x-usergrid-username", user)
  else
    handle:respond({ [":status"] = "401", ["www-authenticate"] = "Bearer" }, "unauthorized")
  end
end
