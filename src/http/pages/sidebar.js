// The toolbar page: register the JS-SDK, find out where it is open and for whom, and report it.
"use strict";

// A client that has not answered by then never will.
const PATIENCE_MS = 15000;

const SAYS = {
  opened: "已连接。与这位客户共享的事项会显示在这里。",
  outside: "请在企业微信中打开：进入与客户的单聊，从聊天工具栏打开“与我协作”。",
  elsewhere: "请在与客户的单聊中，从聊天工具栏打开此页面。",
  ended: "登录已失效，请关闭此页面后重新打开。",
  denied:
    "无法读取当前客户。请确认：应用已加入“客户联系 → 可调用接口的应用”，您在客户联系的使用范围内，并已更新企业微信。",
  trouble: "暂时无法连接，请稍后重新打开此页面。",
};

const { corp, agent } = document.body.dataset;

// What our own service refused. The JS-SDK hands it on in words of its own.
let refused = null;

function say(what, reason) {
  document.getElementById("state").textContent = SAYS[what];
  document.getElementById("reason").textContent = reason || "";
}

async function service(path, options) {
  const answer = await fetch(path, options).catch(() => ({ ok: false, status: "offline" }));
  if (answer.ok) return answer;
  refused = { says: answer.status === 401 ? "ended" : "trouble", reason: `${path.split("?")[0]} ${answer.status}` };
  throw new Error(refused.reason);
}

async function signature(identity, url) {
  const answer = await service(`/sidebar/signature?${new URLSearchParams({ identity, url })}`);
  return answer.json();
}

// Where the page is open, and for whom.
async function place() {
  ww.register({
    corpId: corp,
    agentId: agent,
    jsApiList: ["getContext", "getCurExternalContact", "sendChatMessage"],
    getConfigSignature: (url) => signature("corp", url),
    getAgentConfigSignature: (url) => signature("app", url),
  });
  const { entry } = await ww.getContext();
  if (entry !== "single_chat_tools" && entry !== "contact_profile") return null;
  const { userId } = await ww.getCurExternalContact();
  return { entry, external_userid: userId };
}

function silence() {
  return new Promise((_, reject) => {
    setTimeout(() => {
      refused = { says: "trouble", reason: "timeout" };
      reject(refused);
    }, PATIENCE_MS);
  });
}

async function report() {
  // Outside of WeCom the JS-SDK waits for a client for ever.
  if (!ww.env.isWeCom) return say("outside");
  const opened = await Promise.race([place(), silence()]);
  if (!opened) return say("elsewhere");
  const headers = { "Content-Type": "application/json" };
  await service("/sidebar/opened", { method: "POST", headers, body: JSON.stringify(opened) });
  say("opened");
}

function connect() {
  return report().catch((problem) => {
    if (refused) return say(refused.says, refused.reason);
    say(problem.errMsg ? "denied" : "trouble", problem.errMsg || problem.message);
  });
}

connect();
