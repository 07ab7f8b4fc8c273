#ifndef SEEMAIL_JSON_H
#define SEEMAIL_JSON_H

/*
 * json: what programs read (RFC 8259), written into a buffer. Commas are put
 * by themselves: each call looks at what stands before. `key' is NULL within
 * an array and for the outermost value. Text is UTF-8, written as ASCII with
 * \uXXXX; bytes that are none become U+FFFD. Failure (memory) sticks in the buffer.
 */

struct buffer;

void json_open(struct buffer *out, const char *key, int bracket); /* { [ */
void json_close(struct buffer *out, int bracket);                 /* } ] */
void json_text(struct buffer *out, const char *key, const char *text);
void json_number(struct buffer *out, const char *key, long long number);
void json_truth(struct buffer *out, const char *key, int truth);
/* Unix time as "2026-11-24T12:00:00Z". */
void json_time(struct buffer *out, const char *key, long long when);

#endif
