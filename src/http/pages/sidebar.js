// The toolbar page: register the JS-SDK, find out where it is open and for whom, and report it.
"use strict";

const state = document.getElementById("state");
const { corp, agent } = document.body.dataset;

async function signature(identity, url) {
  const query = new URLSearchParams({ identity, url });
  const answer = await fetch(`/sidebar/signature?${query}`);
  if (!answer.ok) throw new Error(`signature ${answer.status}`);
  return answer.json();
}

async function open() {
  ww.register({
    corpId: corp,
    agentId: agent,
    jsApiList: ["getContext", "getCurExternalContact", "sendChatMessage"],
    getConfigSignature: (url) => signature("corp", url),
    getAgentConfigSignature: (url) => signature("app", url),
  });
  const { entry } = await ww.getContext();
  if (entry !== "single_chat_tools" && entry !== "contact_profile") {
    state.textContent = "请在与客户的单聊中，从聊天工具栏打开此页面。";
    return;
  }
  const { userId } = await ww.getCurExternalContact();
  const answer = await fetch("/sidebar/opened", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ entry, external_userid: userId }),
  });
  if (!answer.ok) throw new Error(`opened ${answer.status}`);
  document.body.dataset.opened = userId;
  state.textContent = "已连接。与这位客户共享的事项会显示在这里。";
}

open().catch((problem) => {
  document.body.dataset.problem = String(problem.errMsg || problem.message || problem);
  state.textContent =
    "无法读取当前客户。请确认：应用已加入“客户联系 → 可调用接口的应用”，您在客户联系的使用范围内，并已更新企业微信。";
});
