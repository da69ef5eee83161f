# Attacks: files outside, by a shell.
# Limits: processes=8
# Expect: outcome=exited exit_code=0
for file in "$HOST_FOLDER/secret" "$HOST_FOLDER/new" /etc/passwd /root/.profile /var/spool/cron/crontabs/root /home/new; do
    if echo mine 2>/dev/null >>"$file"; then exit 1; fi
done
cat "$HOST_FOLDER/secret" "$HOST_FOLDER/root-only" /etc/shadow 2>/dev/null && exit 2
rm -rf "$HOST_FOLDER" 2>/dev/null
exit 0
