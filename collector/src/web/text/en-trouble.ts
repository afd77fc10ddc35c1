/** English: what went wrong, told to a person. Pure. */

export const troubleEn = {
  awayTitle: 'The database is away',
  awayText: 'Nothing is lost: agents keep what they measure. Try again in a moment.',
  back: 'Back to the overview',
  code: 'Code',
  notFoundTitle: 'There is nothing here',
  notFoundText: 'The address is mistyped, or what it named is gone or not yours to see.',
  manyTitle: 'Too much at once',
  manyText: 'Too much came from here in a short time. Wait a minute, then try again.',
  forbiddenTitle: 'That is not yours to do',
  forbiddenText: 'Ask the owner, or sign in with another token.',
  badTitle: 'That did not fit',
  brokenTitle: 'The collector could not answer',
  brokenText: 'Its log has the reason. Measuring goes on meanwhile: agents keep what they cannot send.',
}
