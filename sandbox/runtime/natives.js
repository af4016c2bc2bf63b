// The frame's own references to natives, taken before any of the tool's code: the tool may replace
// any function of the page later. A file after this one takes what else it needs at its own top.

const { apply, ownKeys, getOwnPropertyDescriptor } = Reflect;
const unbound = (method) => Function.prototype.call.bind(method);
const getter = (owner, name) => unbound(getOwnPropertyDescriptor(owner, name).get);
const now = performance.now.bind(performance);
const addListener = unbound(EventTarget.prototype.addEventListener);
const slice = unbound(String.prototype.slice);
const split = unbound(String.prototype.split);
const exec = unbound(RegExp.prototype.exec);
const join = unbound(Array.prototype.join);
const toText = String;
const { isArray } = Array;
const isError = (value) => typeof value === "object" && value instanceof NativeError;
const NativeError = Error;
const isElement = (value) => typeof value === "object" && value instanceof NativeElement;
const NativeElement = Element;
const documentUrl = getter(Document.prototype, "URL");
const targetOf = getter(Event.prototype, "target");
const dataOf = getter(MessageEvent.prototype, "data");
const reasonOf = getter(PromiseRejectionEvent.prototype, "reason");
const errorEvent = {
  message: getter(ErrorEvent.prototype, "message"),
  filename: getter(ErrorEvent.prototype, "filename"),
  lineno: getter(ErrorEvent.prototype, "lineno"),
  colno: getter(ErrorEvent.prototype, "colno"),
};
const violation = {
  directive: getter(SecurityPolicyViolationEvent.prototype, "effectiveDirective"),
  uri: getter(SecurityPolicyViolationEvent.prototype, "blockedURI"),
  file: getter(SecurityPolicyViolationEvent.prototype, "sourceFile"),
  line: getter(SecurityPolicyViolationEvent.prototype, "lineNumber"),
  column: getter(SecurityPolicyViolationEvent.prototype, "columnNumber"),
};
