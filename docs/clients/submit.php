<?php
// Has programs judged, each by one test: php submit.php LANGUAGE INPUT ANSWER PROGRAM...
//
// INPUT and ANSWER: files, or URLs that the worker fetches. AMQP_URL: the broker. REPLY_TO: a
// durable queue of ours for the results; without it they come to one that goes when we go.
// TIMEOUT_S (60): what has no result by then is cancelled.

declare(strict_types=1);

use PhpAmqpLib\Channel\AMQPChannel;
use PhpAmqpLib\Connection\AMQPStreamConnection;
use PhpAmqpLib\Exception\AMQPTimeoutException;
use PhpAmqpLib\Message\AMQPMessage;
use PhpAmqpLib\Wire\AMQPTable;

require 'PhpAmqpLib/autoload.php'; // Debian's package; Composer's is vendor/autoload.php

const MAX_ATTEMPTS = 3;
const CANCEL_S = 10.0; // a cancelled job's result comes at once, if a worker is there

final class Frontend
{
    /** @var array<string, array> jobs without a result, by id and attempt */
    public array $waiting = [];
    /** @var array<string, true> ids and attempts of results: in a database, a unique key */
    private array $seen = [];
    private bool $retrying = true;
    private bool $refused = false;
    private bool $returned = false;
    private readonly string $replyTo;

    public function __construct(private readonly AMQPChannel $channel, string $replyTo)
    {
        $channel->confirm_select();
        $channel->set_nack_handler(fn () => $this->refused = true);
        $channel->set_return_listener(fn () => $this->returned = true);
        $channel->basic_qos(0, 100, false);
        $durable = $replyTo !== '';
        $arguments = new AMQPTable($durable ? ['x-queue-type' => 'quorum'] : []);
        [$this->replyTo] =
            $channel->queue_declare($replyTo, false, $durable, !$durable, false, false, $arguments);
        $channel->basic_consume($this->replyTo, callback: $this->take(...));
    }

    /** Returns when the job is safe with the broker. */
    public function submit(array $job): void
    {
        $key = "$job[id]/$job[attempt]";
        $this->waiting[$key] = $job;
        $message = new AMQPMessage(json_encode($job, JSON_THROW_ON_ERROR), [
            'type' => 'oj.job/1',
            'content_type' => 'application/json',
            'delivery_mode' => AMQPMessage::DELIVERY_MODE_PERSISTENT,
            'message_id' => $job['id'],
            'correlation_id' => $key, // comes back with the result, whatever the job was
            'reply_to' => $this->replyTo,
            'timestamp' => time(),
        ]);
        while (true) {
            $this->refused = false;
            $this->channel->basic_publish($message, '', 'submissions', mandatory: true);
            $this->channel->wait_for_pending_acks_returns();
            if ($this->returned) {
                fwrite(STDERR, "there is no queue 'submissions': start a worker, which declares it\n");
                exit(1);
            }
            if (!$this->refused) {
                return;
            }
            fwrite(STDERR, "the queue is full: trying again\n");
            sleep(1);
        }
    }

    /** Nobody answers this, but the job has its result soon. */
    public function cancel(array $job): void
    {
        $told = ['type' => 'cancel', 'id' => $job['id'], 'attempt' => $job['attempt']];
        $message = new AMQPMessage(json_encode($told), ['timestamp' => time()]);
        $this->channel->basic_publish($message, 'executor.control');
    }

    /** Takes what comes until every job has its result, or the time is over. */
    public function receive(float $seconds, bool $retry): void
    {
        $this->retrying = $retry;
        $deadline = microtime(true) + $seconds;
        while ($this->waiting && ($left = $deadline - microtime(true)) > 0) {
            try {
                $this->channel->wait(null, false, $left);
            } catch (AMQPTimeoutException) {
                return;
            }
        }
    }

    private function take(AMQPMessage $message): void
    {
        $key = $message->get('correlation_id');
        $told = json_decode($message->getBody(), true, flags: JSON_THROW_ON_ERROR);
        if ($message->get('type') === 'oj.event/1') {
            fwrite(STDERR, "$key $told[phase] " . ($told['verdict'] ?? '') . "\n");
        } elseif (!isset($this->seen[$key])) { // delivery is at least once
            $this->seen[$key] = true;
            $this->takeResult($key, $told);
        }
        $message->ack(); // not before it is stored
    }

    private function takeResult(string $key, array $result): void
    {
        $job = $this->waiting[$key] ?? null; // null: sent before we were started, or by another
        unset($this->waiting[$key]);
        $error = $result['error'] ?? null;
        $name = $result['labels']['program'] ?? $key;
        echo "$name $result[status] $result[verdict] ", $error['code'] ?? '', "\n";
        $again = $this->retrying && $job && ($error['retryable'] ?? false);
        if ($again && $job['attempt'] < MAX_ATTEMPTS) {
            sleep($job['attempt']); // what has failed may go on failing for a while
            $this->submit(['attempt' => $job['attempt'] + 1] + $job);
        }
    }
}

function blob(string $place): array
{
    if (preg_match('/^https?:/', $place)) {
        return ['url' => $place];
    }
    return ['base64' => base64_encode(file_get_contents($place))];
}

[, $language, $input, $answer] = $argv;
$broker = parse_url(getenv('AMQP_URL'));
$connection = new AMQPStreamConnection(
    $broker['host'],
    $broker['port'] ?? 5672,
    urldecode($broker['user']),
    urldecode($broker['pass']),
    urldecode(substr($broker['path'], 1)),
    heartbeat: 60,
    read_write_timeout: 130,
);
$frontend = new Frontend($connection->channel(), getenv('REPLY_TO') ?: '');
foreach (array_slice($argv, 4) as $program) {
    $frontend->submit([
        'schema' => 'oj.job/1',
        'id' => bin2hex(random_bytes(16)),
        'attempt' => 1,
        'language' => $language,
        'source' => blob($program)['base64'],
        'source_encoding' => 'base64',
        'limits' => ['cpu_ms' => 2000, 'wall_ms' => 20000],
        'tests' => [['id' => '1', 'input' => blob($input), 'answer' => blob($answer)]],
        'events' => 'test',
        'labels' => ['program' => $program],
    ]);
}
$frontend->receive((float) (getenv('TIMEOUT_S') ?: 60), retry: true);
array_map($frontend->cancel(...), $frontend->waiting);
$frontend->receive(CANCEL_S, retry: false);
foreach ($frontend->waiting as $job) {
    echo "{$job['labels']['program']} no result\n";
}
$connection->close();
exit($frontend->waiting ? 1 : 0);
