"""Flask, wechatpy and redis-py."""

import redis
from flask import Flask, Response, request

import callback

app = Flask(__name__)
store = redis.Redis.from_url(callback.REDIS)
accept = store.register_script(callback.ACCEPT)


@app.post("/callback/app")
def deliver():
    event = callback.opened(request.get_data(), request.args)
    if event is None:
        return Response(status=403)
    keys, arguments = event
    accept(keys=keys, args=arguments)
    return Response(status=200)
