"""What Lambda hands to the functions, as API Gateway has put it together (payload format 2.0)."""

import base64
import hashlib
import hmac

AUTH_TOKEN = "auth-token"

HOST = "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"


def posted(path, fields, token=AUTH_TOKEN):
    """A form that Twilio posts to `path`, signed with `token`."""
    url = f"https://{HOST}{path}"
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    signature = base64.b64encode(hmac.new(token.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    form = "&".join(f"{name}={value.replace('+', '%2B')}" for name, value in fields.items())
    return {
        "version": "2.0",
        "routeKey": f"POST {path}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "content-length": str(len(form)),
            "content-type": "application/x-www-form-urlencoded; charset=utf-8",
            "host": HOST,
            "i-twilio-idempotency-token": "8d2b4e0a-5f0c-4a2e-9c0e-1d2f3a4b5c6d",
            "user-agent": "TwilioProxy/1.1",
            "x-amzn-trace-id": "Root=1-5759e988-bd862e3fe1be46a994272793",
            "x-forwarded-for": "54.172.60.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            "x-twilio-signature": signature,
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": HOST,
            "domainPrefix": "a1b2c3d4e5",
            "http": {
                "method": "POST",
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "54.172.60.1",
                "userAgent": "TwilioProxy/1.1",
            },
            "requestId": "JKJaXmPLvHcESHA=",
            "routeKey": f"POST {path}",
            "stage": "$default",
            "time": "22/Nov/2026:19:03:58 +0000",
            "timeEpoch": 1795374238000,
        },
        "body": base64.b64encode(form.encode()).decode(),
        "isBase64Encoded": True,
    }


# The name of the account, which Twilio puts into every request.
ACCOUNT = {"AccountSid": "AC" + "0" * 32}

# When a mobile rings no more; nobody has to be asked anything to answer that.
AFTER_RINGING = ACCOUNT | {"CallSid": "CA" + "0" * 32, "DialCallStatus": "busy"}

# A message has arrived; there is nothing to do about that.
DELIVERED = ACCOUNT | {"MessageSid": "SM" + "0" * 32, "MessageStatus": "delivered"}
