-- What a user writes who has Lua at hand: one introspection for every request.
function envoy_on_request(handle)
  local authorization = handle:headers():get("authorization")
  local token = authorization and authorization:match("^[Bb]earer +(%S+)$")
  if not token then
    handle:respond({ [":status"] = "401", ["www-authenticate"] = "Bearer" }, "unauthorized")
    return
  end
  local headers, body = handle:httpCall("CLUSTER", {
    [":method"] = "POST",
    [":path"] = "/oauth2/introspect",
    [":authority"] = "auth.example.com",
    ["content-type"] = "application/x-www-form-urlencoded",
    ["authorization"] = "Basic Z2F0ZXdheTpzZWNyZXQ=",
  }, "token=" .. token, 5000)
  if headers[":status"] ~= "200" or not body:find('"active":true', 1, true) then
    handle:respond({ [":status"] = "401", ["www-authenticate"] = "Bearer" }, "unauthorized")
    return
  end
  handle:headers():replace("x-usergrid-username", body:match('"username":"([^"]*)"') or "")
end
