/** @file What happened to the people of a group call, in words for those who are in it. Pure. */
import { isModerator, isPresent, isWaiting, participant } from "./roster.js";
import { nameWords } from "./words.js";

/** Number of changes up to which each is said by itself. */
const MAX_NAMED = 3;

const EXITS = { lost: "lost the connection", removed: "was removed", banned: "was removed" };

/**
 * Returns the news of a change, for a user who is in the call.
 * @param {object} before the `meeting` before the change
 * @param {object} now
 * @param {string} me
 * @returns {string[]} none in a direct call, whose end and whose names say it all
 */
export function peopleNews(before, now, me) {
  if (now.mode !== "group" || before.participants.length === 0) return [];
  const others = now.participants.filter(({ user_id: userId }) => userId !== me);
  const was = (one) => participant(before, one.user_id);
  const said = (list, words) =>
    list.length > MAX_NAMED ? [`${list.length} people ${words}`] : list.map((one) => `${nameWords(one)} ${words}`);
  const came = others.filter((one) => isPresent(one) && !(was(one) && isPresent(was(one))));
  const gone = others.filter((one) => !isPresent(one) && was(one) && isPresent(was(one)));
  const news = said(came, "joined");
  for (const words of ["left", "lost the connection", "was removed"]) {
    news.push(...said(gone.filter(({ state }) => (EXITS[state] ?? "left") === words), words));
  }
  news.push(...roleNews(before, now, me));
  if (!isModerator(now, me)) return news;
  const knocks = others.filter((one) => isWaiting(one) && !(was(one) && isWaiting(was(one))));
  const hands = others.filter((one) => one.hand && !was(one)?.hand);
  return [...news, ...said(knocks, "asked to come in"), ...said(hands, "raised a hand")];
}

function roleNews(before, now, me) {
  if (before.host !== now.host && before.host !== undefined) {
    const host = participant(now, now.host);
    return now.host === me ? ["You are the host now"] : host ? [`${nameWords(host)} is the host now`] : [];
  }
  const role = (meeting) => participant(meeting, me)?.role;
  if (role(before) !== "cohost" && role(now) === "cohost") return ["You are a co-host now"];
  return [];
}
