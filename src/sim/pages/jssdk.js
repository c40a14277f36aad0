// A stand-in for @wecom/jssdk: the global `ww`. It talks to the window that frames the page, which plays the client.
(function () {
  "use strict";

  const client = new URL(document.currentScript.src).origin;
  const framed = window.parent !== window;
  const waiting = new Map();
  let lastId = 0;
  let ready = null;

  window.addEventListener("message", function (event) {
    if (event.source !== window.parent || event.origin !== client || !event.data) return;
    const settle = waiting.get(event.data.answers);
    if (!settle) return;
    waiting.delete(event.data.answers);
    settle(event.data.result);
  });

  function ask(name, params) {
    return new Promise(function (resolve) {
      const id = ++lastId;
      waiting.set(id, resolve);
      window.parent.postMessage({ ww: name, id: id, params: params }, client);
    });
  }

  function fail(name, problem, code) {
    return { errMsg: name + ":fail " + problem, errCode: code === undefined ? -1 : code };
  }

  function tell(options, kind, result) {
    if (!result) return;
    const good = result.errCode === 0;
    const callback = options["on" + kind + (good ? "Success" : "Fail")];
    if (callback) callback(result);
    const complete = options["on" + kind + "Complete"];
    if (complete) complete(result);
  }

  // The signatures are asked for with the address of the page without its fragment.
  async function signature(get, name, url) {
    if (!get) return null;
    const given = await get(url);
    if (!given || !given.nonceStr) throw fail(name, "signature callback gave no nonceStr");
    return given;
  }

  async function configure(options) {
    if (!framed) return { config: fail("config", "not in a client"), agentConfig: fail("agentConfig", "not in a client") };
    const url = window.location.href.split("#")[0];
    let config, agentConfig;
    try {
      config = await signature(options.getConfigSignature, "config", url);
      agentConfig = await signature(options.getAgentConfigSignature, "agentConfig", url);
    } catch (problem) {
      const failed = problem && problem.errMsg ? problem : fail("config", String(problem));
      return { config: failed, agentConfig: failed };
    }
    return ask("register", {
      url: url,
      corpId: options.corpId,
      agentId: options.agentId === undefined ? null : options.agentId,
      jsApiList: options.jsApiList || [],
      config: config,
      agentConfig: agentConfig,
    });
  }

  function register(options) {
    ready = configure(options).then(function (result) {
      tell(options, "Config", result.config);
      tell(options, "AgentConfig", result.agentConfig);
      return result;
    });
  }

  async function ensure(identity) {
    if (!ready) throw fail(identity, "the permission value is offline verifying");
    const result = (await ready)[identity] || fail(identity, "not registered");
    if (result.errCode !== 0) throw result;
    return result;
  }

  async function call(name, params) {
    if (!ready) throw fail(name, "the permission value is offline verifying");
    await ready;
    const result = framed ? await ask(name, params || {}) : fail(name, "function not exist");
    if (result.errCode !== 0) throw result;
    const { errCode, ...rest } = result;
    return rest;
  }

  window.ww = {
    SDK_VERSION: "stand-in",
    env: { isWeChat: false, isWeCom: framed },
    register: register,
    ensureConfigReady: () => ensure("agentConfig").catch(() => ensure("config")),
    ensureCorpConfigReady: () => ensure("config"),
    ensureAgentConfigReady: () => ensure("agentConfig"),
    getContext: (params) => call("getContext", params),
    getCurExternalContact: (params) => call("getCurExternalContact", params),
    getCurExternalChat: (params) => call("getCurExternalChat", params),
    sendChatMessage: (params) => call("sendChatMessage", params),
    invoke: function (name, params, done) {
      call(name, params).then(done, done);
    },
    on: function () {},
  };
})();
