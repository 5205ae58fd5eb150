"""What an operator and a user do through hvac, unmodified (vault.md section 13.6). Fails loudly; prints one line for each thing seen."""

import base64
import hashlib
import hmac
import os
import re
import struct
import time

import hvac
import requests
from hvac import exceptions

URL = os.environ["SALLYPORT_URL"]
PASSWORD = "plum-orbit-velvet-93"


def totp(secret, step):
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    start = digest[-1] & 15
    return "%06d" % ((struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6)


def refused(kind, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except kind as refusal:
        return str(refusal)
    raise AssertionError(f"{call} was not refused with {kind}")


def seen(what, holds):
    assert holds, what
    print(what)


root = hvac.Client(url=URL, token=os.environ["SALLYPORT_ROOT_TOKEN"])
seen("is authenticated", root.is_authenticated())
seen("health by HEAD", root.sys.read_health_status().status_code == 200)
seen("initialized", root.sys.is_initialized())
seen("seal status", root.sys.is_sealed() is False)

root.sys.enable_auth_method("userpass", path="staff", description="Staff")
mounts = root.sys.list_auth_methods()["data"]
accessor = mounts["staff/"]["accessor"]
seen("mounts", mounts["staff/"]["description"] == "Staff")
root.sys.tune_auth_method("staff", description="All the staff", default_lease_ttl="1h")
seen("tune", root.sys.read_auth_method_tuning("staff")["data"]["default_lease_ttl"] == 3600)

text = 'path "identity/mfa/method/totp/generate" { capabilities = ["update"] }'
root.sys.create_or_update_policy("enrol", text)
seen("policy", root.sys.read_policy("enrol")["data"]["rules"] == text)
seen("policies", {"default", "enrol", "root"} <= set(root.sys.list_policies()["data"]["policies"]))

root.auth.userpass.create_or_update_user("paula", PASSWORD, mount_point="staff", policies="enrol")
seen("users by LIST", root.auth.userpass.list_user(mount_point="staff")["data"]["keys"] == ["paula"])
seen("user", root.auth.userpass.read_user("paula", mount_point="staff")["data"]["policies"] == ["enrol"])

identity = root.secrets.identity
entity_id = identity.create_or_update_entity("Paula")["data"]["id"]
identity.create_or_update_entity_alias("paula", entity_id, accessor)
found = identity.lookup_entity(alias_name="paula", alias_mount_accessor=accessor)
seen("entity by alias", found["data"]["id"] == entity_id)
group_id = identity.create_or_update_group("pythonistas", member_entity_ids=[entity_id])["data"]["id"]
seen("group", identity.read_group(group_id)["data"]["member_entity_ids"] == [entity_id])
seen("groups by LIST", group_id in identity.list_groups()["data"]["keys"])

paula = hvac.Client(url=URL)
paula.auth.userpass.login("paula", PASSWORD, mount_point="staff")
seen("logged in without MFA", paula.is_authenticated())
method_id = root.write("identity/mfa/method/totp", issuer="Example", method_name="staff phones")["data"]["method_id"]
seen("methods by GET list=True", method_id in root.list("identity/mfa/method/totp")["data"]["keys"])
url = paula.write("identity/mfa/method/totp/generate", method_id=method_id)["data"]["url"]
secret = re.search("secret=([A-Z2-7]+)", url).group(1)
root.write("identity/mfa/login-enforcement/pythonistas", mfa_method_ids=[method_id], identity_group_ids=[group_id])

asked = hvac.Client(url=URL)
login = asked.auth.userpass.login("paula", PASSWORD, mount_point="staff")
requirement = login["auth"]["mfa_requirement"]
seen("no token before the second factor", not asked.is_authenticated())
request_id = requirement["mfa_request_id"]
wrong = refused(
    exceptions.Forbidden,
    asked.write,
    "sys/mfa/validate",
    mfa_request_id=request_id,
    mfa_payload={method_id: ["12345"]},
)
seen("the error's text", "failed to satisfy enforcement pythonistas" in wrong)
# The server's clock stands where it was started: at this step or the one before.
step = int(time.time()) // 30
code = totp(secret, step - 1)
finished = asked.write("sys/mfa/validate", mfa_request_id=request_id, mfa_payload={method_id: [code]})
asked.token = finished["auth"]["client_token"]
seen("signed in with a second factor", asked.is_authenticated())
seen("policies", asked.lookup_token()["data"]["policies"] == ["default", "enrol"])

session = requests.Session()
session.headers["X-Vault-MFA"] = f"{method_id}:{totp(secret, step)}"
at_once = hvac.Client(url=URL, session=session)
seen("signed in in a single phase", at_once.auth.userpass.login("paula", PASSWORD, mount_point="staff")["auth"]["client_token"])

strict = hvac.Client(url=URL, token=root.token, strict_http=True)
seen("users by GET list=true", strict.auth.userpass.list_user(mount_point="staff")["data"]["keys"] == ["paula"])
doubled = root.adapter.request("list", "/v1//identity//mfa/method")
seen("methods through doubled slashes", method_id in doubled["data"]["keys"])

made = root.write("auth/token/create", policies=["enrol"], ttl="1h")
accessor = made["auth"]["accessor"]
seen("accessors by LIST", accessor in root.list("auth/token/accessors")["data"]["keys"])
capabilities = root.write("sys/capabilities-self", paths=["sys/auth"])
seen("capabilities", capabilities["data"]["sys/auth"] == ["root"])
root.write("auth/token/revoke-accessor", accessor=accessor)
refused(exceptions.InvalidRequest, root.write, "auth/token/lookup-accessor", accessor=accessor)

root.sys.delete_policy("enrol")
root.sys.disable_auth_method("staff")
seen("the mount's tokens end with it", not asked.is_authenticated())
