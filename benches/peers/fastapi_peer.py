"""FastAPI, wechatpy and redis-py."""

import redis.asyncio as redis
from fastapi import FastAPI, Request, Response

import callback

app = FastAPI()
store = redis.Redis.from_url(callback.REDIS)
accept = store.register_script(callback.ACCEPT)


@app.post("/callback/app")
async def deliver(request: Request):
    event = callback.opened(await request.body(), request.query_params)
    if event is None:
        return Response(status_code=403)
    keys, arguments = event
    await accept(keys=keys, args=arguments)
    return Response(status_code=200)
