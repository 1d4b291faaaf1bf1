import type { TextCodecName } from "../../codecs.ts";

/** What is sent, and the frames that come back, byte for byte, in each codec. */
export interface Exchange {
  readonly name: string;
  readonly text: Readonly<Record<TextCodecName, readonly [send: string, ...answers: string[]]>>;
}

/** PROTOCOL.md section 3, written out. */
export const exchanges: readonly Exchange[] = [
  {
    name: "a request is answered with its cb-id",
    text: {
      edn: ['[[:test/echo {:a 1}] "abc123"]', '[{:a 1} "abc123"]'],
      json: ['[["test/echo",{"a":1}],"abc123"]', '[{"a":1},"abc123"]'],
      "transit-json": ['[["~:test/echo",["^ ","~:a",1]],"abc123"]', '[["^ ","~:a",1],"abc123"]'],
    },
  },
  {
    name: "nil is a reply",
    text: {
      edn: ['[[:test/echo nil] "n1"]', '[nil "n1"]'],
      json: ['[["test/echo",null],"n1"]', '[null,"n1"]'],
      "transit-json": ['[["~:test/echo",null],"n1"]', '[null,"n1"]'],
    },
  },
  {
    name: "false is a reply",
    text: {
      edn: ['[[:test/echo false] "f1"]', '[false "f1"]'],
      json: ['[["test/echo",false],"f1"]', '[false,"f1"]'],
      "transit-json": ['[["~:test/echo",false],"f1"]', '[false,"f1"]'],
    },
  },
  {
    name: "a reply may look like the answer to a ping",
    text: {
      edn: ['[[:test/echo "pong"] "p1"]', '["pong" "p1"]'],
      json: ['[["test/echo","pong"],"p1"]', '["pong","p1"]'],
      "transit-json": ['[["~:test/echo","pong"],"p1"]', '["pong","p1"]'],
    },
  },
  {
    name: "an event without data is an event",
    text: {
      edn: ['[[:test/echo] "o1"]', '[nil "o1"]'],
      json: ['[["test/echo"],"o1"]', '[null,"o1"]'],
      "transit-json": ['[["~:test/echo"],"o1"]', '[null,"o1"]'],
    },
  },
  {
    name: "an event without a cb-id is answered by a push, not a reply",
    text: {
      edn: ["[[:test/echo {:a 1}] nil]", "[[[:test/echoed {:a 1}]] nil]"],
      json: ['[["test/echo",{"a":1}],null]', '[[["test/echoed",{"a":1}]],null]'],
      "transit-json": ['[["~:test/echo",["^ ","~:a",1]],null]', '[[["~:test/echoed",["^ ","~:a",1]]],null]'],
    },
  },
  {
    name: "a frame of one element wants no reply",
    text: {
      edn: ["[[:test/echo 1]]", "[[[:test/echoed 1]] nil]"],
      json: ['[["test/echo",1]]', '[[["test/echoed",1]],null]'],
      "transit-json": ['[["~:test/echo",1]]', '[[["~:test/echoed",1]],null]'],
    },
  },
  {
    name: "a third element of a frame is ignored",
    text: {
      edn: ['[[:test/echo 1] "t1" "extra"]', '[1 "t1"]'],
      json: ['[["test/echo",1],"t1","extra"]', '[1,"t1"]'],
      "transit-json": ['[["~:test/echo",1],"t1","extra"]', '[1,"t1"]'],
    },
  },
  {
    name: "what one handler pushes travels as one batch, in order",
    text: {
      edn: ["[[:test/burst 3] nil]", "[[[:test/item {:i 0}] [:test/item {:i 1}] [:test/item {:i 2}]] nil]"],
      json: ['[["test/burst",3],null]', '[[["test/item",{"i":0}],["test/item",{"i":1}],["test/item",{"i":2}]],null]'],
      "transit-json": [
        '[["~:test/burst",3],null]',
        '[[["~:test/item",["^ ","~:i",0]],["^0",["^ ","~:i",1]],["^0",["^ ","~:i",2]]],null]',
      ],
    },
  },
  {
    name: "a reply comes after what was pushed before it",
    text: {
      edn: ['[[:test/push-me {:k :v}] "b1"]', "[[[:test/pushed {:k :v}]] nil]", '[nil "b1"]'],
      json: ['[["test/push-me",{"k":"v"}],"b1"]', '[[["test/pushed",{"k":"v"}]],null]', '[null,"b1"]'],
      "transit-json": [
        '[["~:test/push-me",["^ ","~:k","~:v"]],"b1"]',
        '[[["~:test/pushed",["^ ","~:k","~:v"]]],null]',
        '[null,"b1"]',
      ],
    },
  },
  {
    name: "a handler that throws is answered chsk/error",
    text: {
      edn: ['[[:test/throw] "e1"]', '[:chsk/error "e1"]'],
      json: ['[["test/throw"],"e1"]', '["chsk/error","e1"]'],
      "transit-json": ['[["~:test/throw"],"e1"]', '["~:chsk/error","e1"]'],
    },
  },
  {
    name: "an event that nobody handles is answered chsk/error",
    text: {
      edn: ['[[:nobody/home 1] "u1"]', '[:chsk/error "u1"]'],
      json: ['[["nobody/home",1],"u1"]', '["chsk/error","u1"]'],
      "transit-json": ['[["~:nobody/home",1],"u1"]', '["~:chsk/error","u1"]'],
    },
  },
  {
    name: "a client's ping is answered pong with its cb-id",
    text: {
      edn: ['[[:chsk/ws-ping] "8cea2f"]', '["pong" "8cea2f"]'],
      json: ['[["chsk/ws-ping"],"8cea2f"]', '["pong","8cea2f"]'],
      "transit-json": ['[["~:chsk/ws-ping"],"8cea2f"]', '["pong","8cea2f"]'],
    },
  },
  {
    name: "a key __proto__ is a key like any other",
    text: {
      edn: ['[[:test/echo {:__proto__ {:polluted 1}}] "y1"]', '[{:__proto__ {:polluted 1}} "y1"]'],
      json: ['[["test/echo",{"__proto__":{"polluted":1}}],"y1"]', '[{"__proto__":{"polluted":1}},"y1"]'],
      "transit-json": [
        '[["~:test/echo",["^ ","~:__proto__",["^ ","~:polluted",1]]],"y1"]',
        '[["^ ","~:__proto__",["^ ","~:polluted",1]],"y1"]',
      ],
    },
  },
  {
    name: "keys constructor and prototype are keys like any other",
    text: {
      edn: ['[[:test/echo {:constructor {:prototype 1}}] "y2"]', '[{:constructor {:prototype 1}} "y2"]'],
      json: ['[["test/echo",{"constructor":{"prototype":1}}],"y2"]', '[{"constructor":{"prototype":1}},"y2"]'],
      "transit-json": [
        '[["~:test/echo",["^ ","~:constructor",["^ ","~:prototype",1]]],"y2"]',
        '[["^ ","~:constructor",["^ ","~:prototype",1]],"y2"]',
      ],
    },
  },
  {
    name: "text beyond ASCII comes back as it was",
    text: {
      edn: ['[[:test/echo "ü☃😀\\"\\\\\\n"] "s1"]', '["ü☃😀\\"\\\\\\n" "s1"]'],
      json: ['[["test/echo","ü☃😀\\"\\\\\\n"],"s1"]', '["ü☃😀\\"\\\\\\n","s1"]'],
      "transit-json": ['[["~:test/echo","ü☃😀\\"\\\\\\n"],"s1"]', '["ü☃😀\\"\\\\\\n","s1"]'],
    },
  },
];

/** Between our own peers an error reply tells more: code, message, data. The message is for people. */
export const ownErrorReplies: Readonly<
  Record<TextCodecName, readonly { readonly send: string; readonly answer: RegExp }[]>
> = {
  edn: [
    {
      send: '[[:test/throw] "r1"]',
      answer: /^\[\[:chsk\/error \{:code "error", :message "[^"]*", :data nil\}\] "r1"\]$/,
    },
    {
      send: '[[:nobody/home 1] "r3"]',
      answer: /^\[\[:chsk\/error \{:code "unhandled", :message "[^"]*", :data nil\}\] "r3"\]$/,
    },
    {
      send: '[[:test/refuse {:why :no}] "r2"]',
      answer: /^\[\[:chsk\/error \{:code "not-allowed", :message "[^"]*", :data \{:why :no\}\}\] "r2"\]$/,
    },
  ],
  json: [
    {
      send: '[["test/throw"],"r1"]',
      answer: /^\[\["chsk\/error",\{"code":"error","message":"[^"]*","data":null\}\],"r1"\]$/,
    },
    {
      send: '[["nobody/home",1],"r3"]',
      answer: /^\[\["chsk\/error",\{"code":"unhandled","message":"[^"]*","data":null\}\],"r3"\]$/,
    },
    {
      send: '[["test/refuse",{"why":"no"}],"r2"]',
      answer: /^\[\["chsk\/error",\{"code":"not-allowed","message":"[^"]*","data":\{"why":"no"\}\}\],"r2"\]$/,
    },
  ],
  "transit-json": [
    {
      send: '[["~:test/throw"],"r1"]',
      answer: /^\[\["~:chsk\/error",\["\^ ","~:code","error","~:message","[^"]*","~:data",null\]\],"r1"\]$/,
    },
    {
      send: '[["~:nobody/home",1],"r3"]',
      answer: /^\[\["~:chsk\/error",\["\^ ","~:code","unhandled","~:message","[^"]*","~:data",null\]\],"r3"\]$/,
    },
    {
      send: '[["~:test/refuse",["^ ","~:why","~:no"]],"r2"]',
      answer:
        /^\[\["~:chsk\/error",\["\^ ","~:code","not-allowed","~:message","[^"]*","~:data",\["\^ ","~:why","~:no"\]\]\],"r2"\]$/,
    },
  ],
};
