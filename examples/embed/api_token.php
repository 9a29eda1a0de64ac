<?php
// Makes the api_token with which a partner's user enters the chat page.
// Runs on the partner's server, where the client key is a secret. Needs
// `composer require phpseclib/phpseclib:^3`: PHP's own openssl_public_encrypt seals with SHA-1 here.
//
//   php api_token.php CLIENT_ID client_key.pem 42 Alice

declare(strict_types=1);

require __DIR__ . '/vendor/autoload.php';

use phpseclib3\Crypt\PublicKeyLoader;
use phpseclib3\Crypt\RSA;

/** A token for one user, to be used within minutes. */
function api_token(string $clientId, string $clientKeyPem, string $userId, string $username): string
{
    if (str_contains($clientId . $userId . $username, '|')) {
        throw new InvalidArgumentException('a name cannot contain the character |');
    }
    $plain = sprintf('%s|%s|%s|%.6F', $clientId, $userId, $username, microtime(true));
    $key = PublicKeyLoader::loadPublicKey($clientKeyPem)
        ->withPadding(RSA::ENCRYPTION_OAEP)
        ->withHash('sha256')
        ->withMGFHash('sha256');
    return base64_encode($clientId . '|' . base64_encode($key->encrypt($plain)));
}

if (PHP_SAPI === 'cli' && realpath($argv[0]) === __FILE__) {
    [, $clientId, $keyFile, $userId, $username] = $argv;
    echo api_token($clientId, file_get_contents($keyFile), $userId, $username), PHP_EOL;
}
