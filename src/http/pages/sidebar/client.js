// WeCom's client: where the page is open and for whom, and the cards that it sends.
"use strict";

const client = (function () {
  // A client that has not answered by then never will; a person who is asked "send?" takes longer.
  const PATIENCE_MS = 15000;
  const SENDING_MS = 60000;

  const NEEDED = ["getContext", "getCurExternalContact", "getCurExternalChat", "sendChatMessage"];

  function within(ms, promise) {
    let timer;
    const silence = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error("timeout")), ms);
    });
    return Promise.race([promise, silence]).finally(() => clearTimeout(timer));
  }

  // What the client says in its own words, in one of ours: denied, old, no_context, cancelled, picture, failed; or
  // unknown, when it has not said that nothing was done.
  function failure(problem) {
    const said = String((problem && (problem.errMsg || problem.err_msg)) || "");
    if (/cancel/i.test(said)) return "cancelled";
    if (/no.?permission|permission denied|offline verifying|invalid (url domain|signature)/i.test(said)) return "denied";
    if (/function not exist|not support/i.test(said)) return "old";
    if (/without context/i.test(said)) return "no_context";
    if (/invalid imgurl/i.test(said)) return "picture";
    return /fail/i.test(said) ? "failed" : "unknown";
  }

  async function find() {
    const { entry } = await ww.getContext();
    if (entry === "single_chat_tools" || entry === "contact_profile") {
      const { userId } = await ww.getCurExternalContact();
      return { entry, customer: userId };
    }
    if (entry === "group_chat_tools") {
      const { chatId } = await ww.getCurExternalChat();
      return { entry, chat: chatId };
    }
    return { entry };
  }

  // `signature` gets what the service signs for an identity and an address.
  function place(corp, agent, signature) {
    ww.register({
      corpId: corp,
      agentId: agent,
      jsApiList: NEEDED,
      getConfigSignature: (url) => signature("corp", url),
      getAgentConfigSignature: (url) => signature("app", url),
    });
    return within(PATIENCE_MS, find());
  }

  function message({ link, title, desc, imgUrl }, enterChat) {
    const news = imgUrl ? { link, title, desc, imgUrl } : { link, title, desc };
    return ww.sendChatMessage({ msgtype: "news", enterChat, news });
  }

  // Sends a card; without its picture, when the client takes that for no picture. `late` is told when the client
  // answers after all patience.
  async function send(card, enterChat, late) {
    const answered = message(card, enterChat).catch((problem) => {
      if (!card.imgUrl || failure(problem) !== "picture") throw problem;
      return message({ ...card, imgUrl: null }, enterChat);
    });
    let gone = false;
    answered.then(() => gone && late(), () => {});
    try {
      await within(SENDING_MS, answered);
    } catch (problem) {
      gone = true;
      throw problem;
    }
  }

  return { isThere: () => ww.env.isWeCom, place, send, failure };
})();
