// What WeCom's client puts into its pages for the JS-SDK, as far as the toolbar page asks for it.
window.asked = [];
window.WeixinJSBridge = {
  on() {},
  invoke(name, params, answer) {
    window.asked.push([name, params]);
    const answers = {
      getContext: { entry: "single_chat_tools" },
      getCurExternalContact: { userId: "wmCustomer1" },
    };
    answer({ err_msg: `${name}:ok`, ...answers[name] });
  },
};
