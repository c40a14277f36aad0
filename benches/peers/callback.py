"""What both Python servers do with a callback, apart from the store's client."""

import hashlib
import os
import pathlib

from wechatpy.enterprise import parse_message
from wechatpy.enterprise.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidSignatureException

REDIS = os.environ["PEER_REDIS"]
STREAM = "events"
ACCEPT = pathlib.Path(__file__).with_name("accept.lua").read_text()
DEDUPE_FOR = 7 * 24 * 3600

_crypto = WeChatCrypto(os.environ["PEER_TOKEN"], os.environ["PEER_AES_KEY"], os.environ["PEER_CORP"])


def opened(body, query):
    """Verifies, decrypts and parses; answers the script's keys and arguments, or nothing for a forged call."""
    try:
        xml = _crypto.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
    except (InvalidSignatureException, KeyError):
        return None
    message = parse_message(xml)
    fields = message._data
    digest = hashlib.sha256(xml.encode()).hexdigest()
    who = fields.get("ExternalUserID", "")
    return ["seen:" + digest, STREAM], [DEDUPE_FOR, fields.get("Event", ""), fields.get("ChangeType", ""), who, xml]
