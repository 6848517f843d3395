// Replaces the system's date, so that the vendors' packages check a token at the time it was made for.
const SystemDate = Date;
let fixed = null;

class FixedDate extends SystemDate {
  constructor(...parts) {
    if (parts.length || fixed === null) super(...parts);
    else super(fixed);
  }
  static now() {
    return fixed ?? SystemDate.now();
  }
}
globalThis.Date = FixedDate;

/** Stops the clock at this Unix time in seconds. */
exports.stopAt = (seconds) => {
  fixed = seconds * 1000;
};
