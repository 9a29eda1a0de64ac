// Makes the api_token with which a partner's user enters the chat page.
// Runs on the partner's server (Java 17 or newer), where the client key is a secret.
//
//   java ApiToken.java CLIENT_ID client_key.pem 42 Alice

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;

public final class ApiToken {
    /** A token for one user, to be used within minutes. */
    public static String make(String clientId, String clientKeyPem, String userId, String username) throws Exception {
        if ((clientId + userId + username).contains("|")) {
            throw new IllegalArgumentException("a name cannot contain the character |");
        }
        Instant now = Instant.now();
        String time = now.getEpochSecond() + "." + String.format("%06d", now.getNano() / 1000);
        String plain = clientId + "|" + userId + "|" + username + "|" + time;
        Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPPadding");
        // SHA-256 for MGF1 too: "OAEPWithSHA-256AndMGF1Padding" alone would take SHA-1 for it
        OAEPParameterSpec oaep =
            new OAEPParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT);
        cipher.init(Cipher.ENCRYPT_MODE, publicKey(clientKeyPem), oaep);
        byte[] sealed = cipher.doFinal(plain.getBytes(StandardCharsets.UTF_8));
        String inner = Base64.getEncoder().encodeToString(sealed);
        return Base64.getEncoder().encodeToString((clientId + "|" + inner).getBytes(StandardCharsets.UTF_8));
    }

    private static PublicKey publicKey(String pem) throws Exception {
        String body = pem.replaceAll("-----[A-Z ]+-----", "").replaceAll("\\s", "");
        X509EncodedKeySpec spec = new X509EncodedKeySpec(Base64.getDecoder().decode(body));
        return KeyFactory.getInstance("RSA").generatePublic(spec);
    }

    public static void main(String[] arguments) throws Exception {
        String pem = Files.readString(Path.of(arguments[1]));
        System.out.println(make(arguments[0], pem, arguments[2], arguments[3]));
    }
}
