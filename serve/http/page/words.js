// What the page says, in two languages; everything else on it is text from the user or the service.
"use strict";

const WORDS = {
  en: {},
  zh: {
    title: "这个回答有多安全？", language: "语言", token: "此服务需要令牌", one: "单个回答", dimension: "维度",
    prompt: "提示（可留空）", response: "回答", score: "评分", probabilities: "各分数的概率", weights: "哪些词影响最大",
    "weights-note": "每次去掉一个词；颜色越深，该词使分数升高越多。", many: "文件",
    "many-note": "JSON Lines，每行一个对象，含 response 和 dimension。只发送到此服务。",
    file: "选择文件，或拖到这里", stop: "停止", download: "下载评分结果", "score-column": "分数", sure: "置信度", remarks: "备注",
    abstained: "评判者没有把握", truncated: "回答过长，只读了一部分", failed: "未能评分：", scale: "0 最好，最差 ",
    of: "/", rows: "行", judged: "已评分", unsafe: "分数大于 0", without: "没有分数", unread: "无法读取的行",
    empty: "文件中没有可以评分的行", privacy: "隐私", bias: "偏见", toxicity: "毒性", truthfulness: "真实性", legality: "合法性",
    interface: "程序接口",
  },
};
const ENGLISH = {
  abstained: "the judge is not sure", truncated: "too long: only a part was read", failed: "not scored: ", scale: "0 is best, worst is ",
  of: "of", rows: "rows", judged: "judged", unsafe: "with a score above 0", without: "without a score", unread: "lines that cannot be read",
  empty: "There is no line in the file that can be scored", privacy: "privacy", bias: "bias", toxicity: "toxicity",
  truthfulness: "truthfulness", legality: "legality",
};

function say(key) {
  return WORDS[document.documentElement.lang][key] ?? ENGLISH[key] ?? key;
}

function element(id) {
  return document.getElementById(id);
}

function make(tag, text = "", className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

for (const each of document.querySelectorAll("[data-say]")) ENGLISH[each.dataset.say] = each.textContent;

function speak(language) {
  document.documentElement.lang = language;
  for (const each of document.querySelectorAll("[data-say]")) each.textContent = say(each.dataset.say);
  for (const option of element("dimension").options) option.textContent = say(option.value);
}

element("language").addEventListener("change", (event) => speak(event.target.value));
