<?php
// Receives pollhook's webhooks: WEBHOOK_SECRET=whsec_... php -S 127.0.0.1:8000 receiver.php
declare(strict_types=1);

const TOLERANCE = 300; // seconds

function is_genuine(string $key, array $server, string $body): bool
{
    $id = $server['HTTP_WEBHOOK_ID'] ?? '';
    $timestamp = $server['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (!ctype_digit($timestamp) || abs(time() - (int)$timestamp) > TOLERANCE) {
        return false;
    }
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    foreach (explode(' ', $server['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $given) {
        if (hash_equals($expected, $given)) {
            return true;
        }
    }
    return false;
}

$key = base64_decode(preg_replace('/^whsec_/', '', (string)getenv('WEBHOOK_SECRET')), true);
$body = file_get_contents('php://input'); // the bytes as they came
if (!$key || !is_genuine($key, $_SERVER, $body)) {
    http_response_code(401);
    return;
}
$event = json_decode($body, true, 512, JSON_THROW_ON_ERROR);
// Yours: INSERT $_SERVER['HTTP_WEBHOOK_ID'] into a unique column, and stop here when it is there already.
error_log($event['type'] . ' ' . ($event['data']['id'] ?? ''));
http_response_code(204);
