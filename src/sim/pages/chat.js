// The client around a toolbar page: answers what the stand-in of the JS-SDK asks. Only the framed page is listened to.
(function () {
  "use strict";

  const chat = document.getElementById("toolbar");
  if (!chat) return;
  const frame = chat.querySelector("iframe");
  const toolbar = new URL(frame.dataset.src).origin;
  const { entry, userid, externalUserid, chatId, permitted } = chat.dataset;
  const hasContact = entry === "single_chat_tools" || entry === "contact_profile";
  const byId = (id) => document.getElementById(id);
  const log = byId("log");
  let apis = new Set();

  function note(text) {
    const line = document.createElement("li");
    line.textContent = text;
    log.prepend(line);
  }

  function element(name, properties, ...children) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  }

  // What stands in the chat now: a card that opens as the customer does, or a text.
  function shown({ msgtype, news, text }) {
    if (msgtype !== "news") {
      return element("p", { className: "said member", textContent: (text && text.content) || "[消息]" });
    }
    const opens = new URLSearchParams({ as: "contact:" + externalUserid, to: news.link });
    const card = element("a", { className: "said news member", href: "/open?" + opens, target: "_blank" });
    card.append(element("b", { textContent: news.title || "" }), element("span", { textContent: news.desc || "" }));
    if (news.imgUrl) card.append(element("img", { src: news.imgUrl, alt: "" }));
    return card;
  }

  async function post(path, body) {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(path + " answered " + answer.status);
    return answer.json();
  }

  async function register(params) {
    apis = new Set();
    const result = await post("/jssdk/register", params);
    if (result.agentConfig && result.agentConfig.errCode === 0) apis = new Set(params.jsApiList);
    for (const outcome of [result.config, result.agentConfig]) if (outcome) note(outcome.errMsg);
    return result;
  }

  async function answer(name, params) {
    if (name === "register") return register(params);
    if (!apis.has(name) || permitted !== "yes") return { errMsg: name + ":fail no permission", errCode: -1 };
    switch (name) {
      case "getContext":
        return { errMsg: "getContext:ok", errCode: 0, entry: entry };
      case "getCurExternalContact":
        if (!hasContact) return { errMsg: name + ":fail without context of external contact", errCode: -1 };
        return { errMsg: "getCurExternalContact:ok", errCode: 0, userId: externalUserid };
      case "sendChatMessage":
        return post("/jssdk/send", { userid: userid, external_userid: externalUserid, entry: entry, content: params });
      case "getCurExternalChat":
        if (entry !== "group_chat_tools" || !chatId) {
          return { errMsg: name + ":fail without context of external contact", errCode: -1 };
        }
        return { errMsg: name + ":ok", errCode: 0, chatId: chatId };
      default:
        return { errMsg: name + ":fail function not exist", errCode: -1 };
    }
  }

  window.addEventListener("message", async function (event) {
    if (event.source !== frame.contentWindow || event.origin !== toolbar) return;
    const { ww, id, params } = event.data || {};
    if (typeof ww !== "string" || typeof id !== "number") return;
    let result;
    try {
      result = await answer(ww, params || {});
    } catch (problem) {
      result = { errMsg: ww + ":fail " + problem.message, errCode: -1 };
    }
    if (ww !== "register") note(result.errMsg);
    event.source.postMessage({ answers: id, result: result }, event.origin);
    if (ww === "sendChatMessage" && result.errCode === 0) byId("said").append(shown(params));
  });

  // Not before the listener is there.
  frame.src = frame.dataset.src;
})();
