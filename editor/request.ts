/** What came back from an admin route. `status` 0: no answer. */
export type Answer<T> = { ok: true; value: T } | { ok: false; status: number; text: string };

/** Asks one of our admin routes, as the signed-in user. Never rejects. */
export function request<T>(method: 'GET' | 'POST', url: string, body?: unknown, timeoutMs = 30_000): Promise<Answer<T>> {
  return new Promise((resolve) => {
    $.ajax({
      url,
      method,
      dataType: 'json',
      timeout: timeoutMs,
      ...(body === undefined ? {} : { contentType: 'application/json', data: JSON.stringify(body) }),
    })
      .done((value) => resolve({ ok: true, value: value as T }))
      .fail((response) => {
        const answer = response.responseJSON;
        const said = typeof answer === 'object' && answer !== null && 'text' in answer ? answer.text : '';
        resolve({ ok: false, status: response.status, text: typeof said === 'string' ? said : '' });
      });
  });
}
